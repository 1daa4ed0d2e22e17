# What the Windows installer does beyond electron-builder's own script: it knows the agent, which outlives the window,
# and takes away at the end what the program itself has written into accounts. Included by `nsis.include`.

!include "LogicLib.nsh"
!include "getProcessInfo.nsh"
# Used by electron-builder's own check, which this one ends with.
Var pid

# Where accounts keep what the agent knows, below their own folder, and the file there that tells how to reach it.
!define AGENT_DATA "AppData\Local\Genba"
!define AGENT_ENDPOINT "agent.json"
!define AGENT_PROFILES "SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
!define LINK_SCHEME "genba"
!define INVITATION_EXTENSION "genba-invite"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define RUN_APPROVED_KEY "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"

!ifndef BUILD_UNINSTALLER
  Var hasStoppedAgent
!endif

# Asks the agents of all accounts that may be looked into to stop, as `genba-agent stop` does: the round in progress is
# broken off, all else is kept. Leaves in $R2 how many there were.
!macro stopAgents
  StrCpy $R2 0
  ${if} ${FileExists} "$INSTDIR\resources\node.exe"
  ${andIf} ${FileExists} "$INSTDIR\resources\agent\main\agent\cli.js"
    StrCpy $R3 0
    ${do}
      EnumRegKey $R4 HKLM "${AGENT_PROFILES}" $R3
      ${if} $R4 == ""
        ${exitDo}
      ${endIf}
      IntOp $R3 $R3 + 1
      ReadRegStr $R5 HKLM "${AGENT_PROFILES}\$R4" "ProfileImagePath"
      ${if} $R5 != ""
      ${andIf} ${FileExists} "$R5\${AGENT_DATA}\${AGENT_ENDPOINT}"
        IntOp $R2 $R2 + 1
        nsExec::Exec /TIMEOUT=60000 `"$INSTDIR\resources\node.exe" "$INSTDIR\resources\agent\main\agent\cli.js" stop --force --wait 45 --data "$R5\${AGENT_DATA}"`
        Pop $R6
      ${endIf}
    ${loop}
  ${endIf}
!macroend

# Before files are replaced or removed: the window first, which would start another agent, then the agents, then
# whatever else runs from here, by electron-builder's own check.
!macro customCheckAppRunning
  !insertmacro IS_POWERSHELL_AVAILABLE
  !insertmacro FIND_PROCESS "${APP_EXECUTABLE_FILENAME}" $R0
  ${if} $R0 == 0
    ${ifNot} ${isUpdated}
    ${andIf} ${Cmd} `MessageBox MB_OKCANCEL|MB_ICONEXCLAMATION "$(appRunning)" /SD IDOK IDCANCEL`
      Quit
    ${endIf}
    DetailPrint "$(appClosing)"
    nsExec::Exec `"$SYSDIR\taskkill.exe" /F /IM "${APP_EXECUTABLE_FILENAME}"`
    Pop $R0
  ${endIf}
  !insertmacro stopAgents
  !ifndef BUILD_UNINSTALLER
    StrCpy $hasStoppedAgent $R2
  !endif
  !insertmacro _CHECK_APP_RUNNING
!macroend

!macro customInstall
  # Links that enrol work before the program's first start.
  WriteRegStr SHELL_CONTEXT "Software\Classes\${LINK_SCHEME}" "" "URL:${PRODUCT_NAME}"
  WriteRegStr SHELL_CONTEXT "Software\Classes\${LINK_SCHEME}" "URL Protocol" ""
  WriteRegStr SHELL_CONTEXT "Software\Classes\${LINK_SCHEME}\shell\open\command" "" '"$appExe" "%1"'
  # Distributed over a PC that was at work: it goes on, without a window.
  ${if} $hasStoppedAgent > 0
  ${andIf} ${Silent}
  ${andIfNot} ${isForceRun}
    ${StdUtils.ExecShellAsUser} $0 "$appExe" "open" "--hidden"
  ${endIf}
!macroend

# Takes away a start with the PC and links of the account $1 where they are of this installation, not of another one.
!macro forgetAccount
  ReadRegStr $2 HKU "$1\${RUN_KEY}" "${APP_ID}"
  !insertmacro isOfThisInstallation $2 $3
  ${if} $3 == 1
    DeleteRegValue HKU "$1\${RUN_KEY}" "${APP_ID}"
    DeleteRegValue HKU "$1\${RUN_APPROVED_KEY}" "${APP_ID}"
  ${endIf}
  ReadRegStr $2 HKU "$1\Software\Classes\${LINK_SCHEME}\shell\open\command" ""
  !insertmacro isOfThisInstallation $2 $3
  ${if} $3 == 1
    DeleteRegKey HKU "$1\Software\Classes\${LINK_SCHEME}"
  ${endIf}
!macroend

# Whether a command line, its program in quotes or not, is of a program in this folder: 1 or 0.
!macro isOfThisInstallation COMMAND RESULT
  StrCpy ${RESULT} ${COMMAND} 1
  ${if} ${RESULT} == '"'
    StrCpy ${COMMAND} ${COMMAND} "" 1
  ${endIf}
  StrLen $4 "$INSTDIR\"
  StrCpy ${COMMAND} ${COMMAND} $4
  ${if} ${COMMAND} == "$INSTDIR\"
    StrCpy ${RESULT} 1
  ${else}
    StrCpy ${RESULT} 0
  ${endIf}
!macroend

!macro customUnInstall
  ${ifNot} ${isUpdated}
    # Also of the other accounts whose settings are loaded, as IT's software distribution is an account of its own.
    StrCpy $0 0
    ${do}
      EnumRegKey $1 HKU "" $0
      ${if} $1 == ""
        ${exitDo}
      ${endIf}
      IntOp $0 $0 + 1
      !insertmacro forgetAccount
    ${loop}
    ReadRegStr $2 SHELL_CONTEXT "Software\Classes\${LINK_SCHEME}\shell\open\command" ""
    !insertmacro isOfThisInstallation $2 $3
    ${if} $3 == 1
      DeleteRegKey SHELL_CONTEXT "Software\Classes\${LINK_SCHEME}"
    ${endIf}
    # electron-builder takes away the class of these files, but leaves what names it.
    DeleteRegKey SHELL_CONTEXT "Software\Classes\.${INVITATION_EXTENSION}"
  ${endIf}
!macroend

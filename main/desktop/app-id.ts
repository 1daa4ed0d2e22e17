/**
 * Windows knows the program by this, as its shortcuts do: notes and the taskbar's entry are the program's, and so is
 * its start with the PC, which the uninstaller takes away by this name. The same as `appId` in electron-builder.yml.
 */
export const APP_ID = 'jp.genba.desktop';

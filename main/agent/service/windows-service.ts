import { type ServiceProgram, startArguments, stopArguments } from './service-program.ts';

/**
 * Configuration of WinSW (2.x or 3.x), which makes a Windows service of the agent. Windows has no signal that asks a
 * service to stop, so the agent is asked by its local API.
 */
export function windowsService(program: ServiceProgram): string {
  const { nodePath, cliPath, dataFolder } = program;
  const elements = (name: string, words: readonly string[]) =>
    words.map((word) => `  <${name}>${escaped(word)}</${name}>`).join('\n');
  return `<?xml version="1.0" encoding="utf-8"?>
<!-- Genba agent: trains and syncs with nobody logged in. Guide: docs/service.md -->
<service>
  <id>GenbaAgent</id>
  <name>Genba Agent</name>
  <description>Trains on this plant's data and syncs with the aggregator.</description>
  <executable>${escaped(nodePath)}</executable>
${elements('startargument', [cliPath, ...startArguments(program)])}
  <stopexecutable>${escaped(nodePath)}</stopexecutable>
${elements('stopargument', [cliPath, ...stopArguments(program)])}
  <stoptimeout>60 sec</stoptimeout>
  <workingdirectory>${escaped(dataFolder)}</workingdirectory>
  <startmode>Automatic</startmode>
  <onfailure action="restart" delay="10 sec"/>
  <resetfailure>1 hour</resetfailure>
  <logpath>%BASE%\\logs</logpath>
  <log mode="roll-by-size">
    <sizeThreshold>10240</sizeThreshold>
    <keepFiles>8</keepFiles>
  </log>
</service>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** English of newer versions of the program. */
export const updatesEn = {
  'update.title': 'Updates',
  'update.version': 'Version of this window',
  'update.current': 'No newer version is offered to this PC (asked {{time}}).',
  'update.notAsked': 'Genba asks the aggregator by itself as soon as there is a connection.',
  'update.notEnrolled': 'New versions come from the aggregator. They are offered once this PC is enrolled.',
  'update.asking': 'Asking the aggregator for a newer version',
  'update.fetching': 'Fetching version {{version}}. Work goes on meanwhile.',
  'update.progress': 'Share of the new version that is here',
  'update.stop': 'Stop fetching',
  'update.stopped':
    'You stopped fetching version {{version}}. It is fetched when you look for updates again, or by itself in about four hours.',
  'update.ready': 'Version {{version}} is ready.',
  'update.ready.note':
    'It is installed when you say so, or when somebody stops Genba. Training is interrupted for a minute or two; everything finished is kept.',
  'update.notes': 'What is new in {{version}}',
  'update.install': 'Restart and update',
  'update.installing':
    'Version {{version}} is being installed. Genba closes and starts again by itself; please do not switch the PC off.',
  'update.failed': 'There is a problem with the update: {{reason}}',
  'update.look': 'Look for updates',
  'update.byIt.package': 'Genba was installed as a package of this system. Your IT brings it up to date.',
  'update.byIt.folder':
    'Genba was only unpacked on this PC, so it cannot replace itself. Your IT brings it up to date.',
  'update.byIt.notWritable':
    'Genba lies where this account may not write. Your IT brings it up to date for all accounts.',
  'update.byIt.system': 'On this system Genba does not update itself. Your IT installs new versions.',
  'update.byIt.service':
    'Training on this PC is run by a service or by another account. Your IT brings Genba up to date.',
  'update.byIt.source': 'Genba runs from its sources. Whoever set it up brings it up to date.',
  'update.browser':
    'This is the page of the agent in a browser. New versions are installed in the window on that PC, or by your IT.',
  'update.wentBack':
    'Version {{from}} did not start on this PC. Genba has gone back to version {{to}} ({{time}}).',
  'update.wentBack.note':
    'Nothing was lost. Version {{from}} is not tried again on this PC; the next one is. Tell your IT.',
  'update.known': 'I know',
  'update.hint': 'A new version of Genba is ready ({{version}}).',
  'update.hint.where': 'See it in the settings',
} as const;

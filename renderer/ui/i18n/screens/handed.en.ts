/** English of an invitation that is opened while this PC takes part already. */
export const handedEn = {
  'handed.title': 'An invitation was opened',
  'handed.close': 'Close',
  'handed.keep': 'Leave everything as it is',
  'handed.done': 'This PC is enrolled with the new invitation.',
  'handed.same':
    'This PC has already joined this aggregator, as {{plant}}. Nothing was changed, and nothing needs to be done.',
  'handed.sameOther':
    'This invitation is for {{other}}, but this PC takes part as {{plant}}. It was probably meant for another PC. Nothing was changed.',
  'handed.renew':
    'The aggregator does not let this PC in any more. With this invitation it enrols again; nothing that was learnt is lost.',
  'handed.renew.confirm': 'Enrol again',
  'handed.otherTask':
    'This invitation is for another task ({{there}}). This PC learns “{{here}}”, and what it has learnt does not fit there. Nothing was changed. Ask your IT: another task needs a data folder of its own.',
  'handed.replace': 'This PC takes part already. This invitation leads to another aggregator.',
  'handed.replace.from': 'Until now',
  'handed.replace.to': 'In the invitation',
  'handed.replace.waiting_one':
    'Nothing that was learnt is lost: the result of {{count}} round that waits is sent to the new aggregator.',
  'handed.replace.waiting_other':
    'Nothing that was learnt is lost: the results of {{count}} rounds that wait are sent to the new aggregator.',
  'handed.replace.kept':
    'Nothing that was learnt is lost: training goes on from what this PC has, with the new aggregator.',
  'handed.replace.careful':
    'Change over only if your IT has told you so. From then on, results go to the address in the invitation.',
  'handed.replace.confirm': 'Change over',
} as const;

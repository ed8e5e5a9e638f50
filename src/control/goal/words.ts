// Words that are the same for every policy: verbs, and what says nothing about what to move. The policy's own words are in
// its lexicon, the words that hold a sentence together are in goal.peggy.

/**
 * Verbs of putting and of sending that name a transfer and nothing else, from B. Levin, "English Verb Classes and
 * Alternations" (1993), sections 9.1, 9.4, 9.7, 11.1 and 11.3, and what people say at home. What could mean that nothing
 * is to be moved (keep, leave, hold, hide) is not among them.
 */
export const putVerbs = words(`
  put place move drop set lay bring transfer carry deposit position insert stick shove stow toss throw chuck dump load
  store relocate shift deliver send hand pass pop plop plonk plunk stash lodge situate convey transport tuck lower stuff
  dunk arrange release park rehome`)

/** Verbs of packing; their things go into a box. */
export const packVerbs = words('pack tidy box')

/** Verbs of stacking; their things go onto others. */
export const stackVerbs = words('stack pile heap')

/** Verbs that take hold of a thing, after which a second verb may say where it goes. */
export const takeVerbs = words(`
  take grab pick get lift fetch collect gather grasp seize snatch select choose catch clutch remove retrieve obtain raise
  hold find locate identify acquire`)

/** Verbs whose object is the place: "fill the bowl with the blocks". */
export const fillVerbs = words('fill load stock pack stuff supply')

/**
 * Verbs that ask for something else than to pick and to place. Any other word in a verb's place of a whole command ("bung
 * the red block in the bowl") can hardly mean anything else, and is taken for putting, said aloud.
 */
export const otherVerbs = words(`
  push pull slide drag roll tip nudge shake stir mix spin rotate turn flip twist tilt swing bend fold stretch squeeze crush
  smash break crack cut slice chop burn melt heat cook bake boil fry freeze eat drink taste smell lick bite kick hit punch
  knock tap touch poke stroke scratch rub wipe clean wash rinse dry dust polish sweep scrub paint color colour draw sketch
  write print film photograph capture record scan show point describe explain tell say name call read count number measure
  weigh compare check inspect examine test look see watch observe search seek spot notice recognize recognise detect keep
  leave hold hide guard protect save reserve lock unlock open close shut cover uncover wrap unwrap tie untie glue tape nail
  screw attach detach connect disconnect join separate split divide swap switch exchange trade replace sell buy lend
  borrow steal share remember forget think imagine believe know understand want like love hate need prefer
  follow chase avoid ignore skip wait pause resume continue begin start finish end quit exit reset restart repeat redo
  undo help teach learn play sing dance jump run walk go come return fly fall sleep wake sit stand build create
  destroy repair fix assemble disassemble empty unload unpack spill waste lose win bounce juggle balance align straighten lean hang support calibrate home charge power`)

/** What may be said beside a command without changing it. Longest first, so that no part of a phrase is left over. */
export const harmlessPhrases: readonly string[] = lines(`
  i was wondering if you could
  would you be so kind as to
  would you be so kind and
  could you be so kind as to
  be so kind as to
  i would be grateful if you could
  i would appreciate it if you could
  it would be great if you could
  it would be nice if you could
  do you think you could
  would it be possible to
  is it possible to
  would it be possible for you to
  can you please go ahead and
  do me a favour and
  do me a favor and
  do a favour and
  do a favor and
  be a dear and
  be a good robot and
  be nice and
  go on and
  come on and
  just go and
  let me see you
  can you hear me
  do you hear me
  do you copy
  are you there
  are you listening
  listen up
  listen
  attention
  hello there
  good morning
  good evening
  good afternoon
  how about
  i am asking you to
  i ask you to
  i am begging you to
  i command you to
  i beg you to
  you are to
  you got to
  you have got to
  i have got to
  it is time to
  time to
  it would be nice to
  it would be great to
  it would be good to
  it is your turn to
  feel free to
  do not forget to
  do not hesitate to
  do not be shy and
  do it now
  as quickly as possible
  as soon as possible
  as quick as you can
  for a moment
  if it is not too much trouble
  if that is ok
  if that is okay
  if you have time
  if you like
  would you please
  if i may ask
  off you go
    i would really like you to
  i would like you to
  i would love you to
  i would prefer you to
  i need you to
  i want you to
  we need you to
  we want you to
  we would like you to
  you are supposed to
  your task is to
  your job is to
  your goal is to
  the task is to
  the goal is to
  the next step is to
  what i want is to
  all you have to do is
  all you need to do is
  you need to
  you have to
  you should
  you must
  you can
  you may
  you will
  could you
  can you
  would you
  will you
  go ahead and
  try to
  be sure to
  make sure to
  make sure you
  remember to
  help me to
  help me
  let us
  i say
  if you please
  if you do not mind
  if you could
  if you would
  if possible
  when you can
  when you are ready
  as soon as you can
  as fast as you can
  right away
  right now
  at once
  for me
  for us
  thank you very much
  thanks a lot
  thank you so much
  thank you
  many thanks
  good robot
  my friend
  that is all
  there you go
  all right
  you know
  of course
  this time
  in one go
  one more time
  go and
  come on
  here we go
  how about you
  your turn
  thanks
  cheers
  please
  kindly
  now
  just
  robot
  arm
  hey
  hi
  hello
  ok
  okay
  alright
  so
  well
  um
  uh
  er
  erm
  hmm
  ah
  oh
  simply
  quickly
  quick
  fast
  immediately
  asap
  carefully
  careful
  gently
  slowly
  safely
  softly
  nicely
  neatly
  properly
  precisely
  exactly
  directly
  straight
  also
  too
  again
  today
  only
  mate
  buddy
  dear
  sir
  computer
  machine
  actually
  basically
  really
  finally
  somehow
  together
  quietly
  yeah
  yes
  yep
  yo
  lovely
  nice
  sorry
  excuse me`)

/** Words by which a sentence that is no command is told from one that is not understood. Never part of a command. */
export const refusedWords = {
  negation:
    words(`not never no none nothing neither nor without avoid cannot except excluding unless prevent refuse leave keep
    stay ignore skip stop halt freeze undo cancel abort wait pause forbid forbidden undone instead rather`),
  question: words(`what where who whom whose why how which when does did is are was were has have had do whether`),
  condition: words(
    'if unless when whenever until till while once after before as provided otherwise else or either depending',
  ),
  time: words(`later tomorrow tonight yesterday o'clock oclock minute minutes second seconds hour hours daily twice thrice
    times soon morning evening noon midnight am pm`),
  away: words('out off away from back between under below beneath around among along behind beyond across'),
} as const

/** Numbers that a sentence may count with. */
export const numbers: Readonly<Record<string, number>> = {
  ...{
    one: 1,
    two: 2,
    three: 3,
    four: 4,
    five: 5,
    six: 6,
    seven: 7,
    eight: 8,
    nine: 9,
    ten: 10,
    eleven: 11,
    twelve: 12,
  },
}

/** Places in an order. */
export const ordinals: Readonly<Record<string, number>> = { first: 1, second: 2, third: 3, fourth: 4, fifth: 5 }

/** Spellings that are no typing errors: short forms, contractions without their sign, other spellings. */
export const shortForms: Readonly<Record<string, string>> = {
  ...{ pls: 'please', plz: 'please', plse: 'please', pleas: 'please', thx: 'thanks', u: 'you', ur: 'your', r: 'are' },
  ...{ dont: 'do not', doesnt: 'does not', isnt: 'is not', cant: 'cannot', wont: 'will not', didnt: 'did not' },
  ...{ wanna: 'want to', gonna: 'going to', gotta: 'have to', gimme: 'give me', lemme: 'let me', lets: 'let us' },
  ...{ id: 'i would', ive: 'i have', im: 'i am', w: 'with', n: 'and', em: 'them', ya: 'you', whats: 'what is' },
  ...{ teh: 'the', hte: 'the', eht: 'the', tha: 'the', th: 'the', da: 'the', adn: 'and', nad: 'and', an: 'a' },
  ...{ reddish: 'red', bluish: 'blue', greenish: 'green', yellowish: 'yellow', brownish: 'brown', greyish: 'grey' },
  ...{ grayish: 'gray', purplish: 'purple', pinkish: 'pink', orangish: 'orange', whitish: 'white', blackish: 'black' },
  ...{ inot: 'into', itno: 'into', ont: 'on', onot: 'onto', isnide: 'inside' },
}

/** After an apostrophe. */
export const contractions: readonly (readonly [RegExp, string])[] = [
  [/\bcan't\b/g, 'cannot'],
  [/\bwon't\b/g, 'will not'],
  [/\blet's\b/g, 'let us'],
  [/n't\b/g, ' not'],
  [/'d\b/g, ' would'],
  [/'ll\b/g, ' will'],
  [/'re\b/g, ' are'],
  [/'ve\b/g, ' have'],
  [/'m\b/g, ' am'],
  [/'em\b/g, ' them'],
  [/\b(it|that|there|what|where|who|here|block|bowl|box)'s\b/g, '$1 is'],
]

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ''))
}

function lines(text: string): readonly string[] {
  const phrases = text.split('\n').map((line) => line.trim())
  return phrases.filter((line) => line !== '').sort((a, b) => b.split(' ').length - a.split(' ').length)
}

/** What may stand at the very end of a sentence, and only there: it says to begin. */
export const lastWords: readonly string[] = lines(`
  do it
  do that
  do this
  make it so
  get going
  get to it
  get it done
  hurry up
  hurry
  chop chop
  go go go
  go go
  go on
  go ahead
  go
  off you go
  understood
  got it
  over and out
  over
  you hear
  will you
  would you
  could you
  can you
  right
  man
  dude
  bro
  pal
  amen`)

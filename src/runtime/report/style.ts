// The look of the page. Two themes by the reader's preference; no font, picture or script from elsewhere.

export const style = `
:root {
  color-scheme: light dark;
  --paper: #f6f5f1; --card: #ffffff; --ink: #1c1f24; --soft: #5d646f; --line: #e2dfd7; --sunken: #efede7;
  --good: #147a4b; --good-wash: #e2f4ea; --fair: #96600a; --fair-wash: #fcf0d9; --bad: #b3261e; --bad-wash: #fbe6e4; --still: #4b5563; --still-wash: #e9ebee;
  --pick: #d9600a; --place: #0877b8; --park: #8a8f98; --accent: #0e7490;
  --capture: #7c8aa5; --project: #0ea5b7; --propose: #7c5cd6; --decide: #b08af0; --plan: #d9a514; --check: #8fae2b; --execute: #e0762f; --verify: #2fa36b; --other: #a8a29a;
  --shadow: 0 1px 2px rgb(28 31 36 / .05), 0 8px 28px rgb(28 31 36 / .06);
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #101318; --card: #181c23; --ink: #e8eaed; --soft: #9aa3af; --line: #2a303a; --sunken: #12161c;
    --good: #4ade94; --good-wash: #10291d; --fair: #f3b94d; --fair-wash: #2c2210; --bad: #ff8f86; --bad-wash: #331615; --still: #b6bec9; --still-wash: #232830;
    --pick: #ff9142; --place: #4db8f5; --park: #7d8590; --accent: #5fd0e6;
    --capture: #8796b3; --project: #2cc4d6; --propose: #9b80f0; --decide: #c8acff; --plan: #e8bc3a; --check: #a9c94a; --execute: #f08c48; --verify: #46bf83; --other: #77736c;
    --shadow: 0 1px 2px rgb(0 0 0 / .4), 0 8px 28px rgb(0 0 0 / .3);
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 24px 8px; }
h1, h2, h3, p, figure, ul, ol, dl, dd, pre { margin: 0; padding: 0; }
ul, ol { list-style: none; }
img, svg { display: block; max-width: 100%; height: auto; }
a { color: var(--accent); font-weight: 600; text-underline-offset: 3px; }
figcaption, .hint { color: var(--soft); font-size: 14px; }
.num, dd, td, .sum, .meters b { font-variant-numeric: tabular-nums; }

.hero { display: grid; grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr); background: var(--card); border: 1px solid var(--line); border-radius: 20px; overflow: hidden; box-shadow: var(--shadow); }
.hero.alone { grid-template-columns: 1fr; }
.film { position: relative; background: #0b0d10; min-height: 100%; }
.film picture { display: contents; } .film img { width: 100%; height: 100%; object-fit: cover; }
.film figcaption { position: absolute; right: 12px; bottom: 10px; padding: 2px 10px; border-radius: 99px; background: rgb(11 13 16 / .72); color: #e8eaed; font-size: 12.5px; }
.banner { padding: 32px 34px; display: flex; flex-direction: column; justify-content: center; gap: 10px; }
.kicker { font: 600 12.5px/1 ui-monospace, "SF Mono", Menlo, Consolas, monospace; color: var(--soft); letter-spacing: .04em; }
h1 { font-size: clamp(24px, 3.1vw, 36px); line-height: 1.18; letter-spacing: -.02em; font-weight: 700; text-wrap: balance; overflow-wrap: anywhere; }
h1.long { font-size: 20px; line-height: 1.35; letter-spacing: 0; }
.outcome { display: inline-flex; align-items: center; align-self: flex-start; gap: 10px; margin-top: 8px; padding: 6px 18px 6px 8px; border-radius: 99px; font-weight: 700; font-size: 19px; }
.outcome svg { width: 28px; height: 28px; padding: 4px; border-radius: 50%; fill: none; stroke: var(--card); stroke-width: 3; stroke-linecap: round; stroke-linejoin: round; }
.good .outcome, .tag.good { background: var(--good-wash); color: var(--good); } .good .outcome svg { background: var(--good); }
.fair .outcome, .tag.fair { background: var(--fair-wash); color: var(--fair); } .fair .outcome svg { background: var(--fair); }
.bad .outcome, .tag.bad { background: var(--bad-wash); color: var(--bad); } .bad .outcome svg { background: var(--bad); }
.still .outcome, .tag.still { background: var(--still-wash); color: var(--still); } .still .outcome svg { background: var(--still); }
.meaning { color: var(--soft); }
.truth { margin-top: 8px; padding: 10px 0 0 0; border-top: 1px solid var(--line); }
.truth.disagree { color: var(--bad); font-weight: 600; } .truth em { font-style: normal; }
.truth small { display: block; color: var(--soft); font-size: 13px; font-weight: 400; }

.facts { display: flex; flex-wrap: wrap; gap: 14px 38px; margin: 22px 6px 0; }
.facts dt { color: var(--soft); font-size: 13px; }
.facts dd { font-weight: 600; overflow-wrap: anywhere; }

section { margin-top: 44px; }
.title { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 14px; margin: 0 6px 14px; }
h2 { font-size: 22px; letter-spacing: -.01em; }
.error { font-size: 17px; } .error code { padding: 2px 8px; border-radius: 6px; background: var(--bad-wash); color: var(--bad); font-size: 14px; }
#error > p, #error > .error { margin: 0 6px 6px; overflow-wrap: anywhere; }

.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
.pair figure { position: relative; border-radius: 14px; overflow: hidden; border: 1px solid var(--line); background: var(--sunken); }
.pair img { width: 100%; }
.pair figcaption { position: absolute; left: 10px; top: 10px; padding: 2px 12px; border-radius: 99px; background: rgb(11 13 16 / .72); color: #fff; font-size: 13px; font-weight: 600; }
details { margin-top: 14px; } summary { cursor: pointer; margin: 0 6px; color: var(--accent); font-weight: 600; }
details h3 { margin: 16px 6px 8px; font-size: 15px; color: var(--soft); }

.legend, .keys { display: flex; flex-wrap: wrap; gap: 6px 20px; align-items: center; color: var(--soft); font-size: 14px; }
.legend { margin: 0 6px 14px; } .legend li, .keys li { display: flex; align-items: center; gap: 8px; }
.ring { display: inline-block; width: 14px; height: 14px; border-radius: 50%; border: 3px solid; flex: none; }
.ring.pick { border-color: var(--pick); } .ring.place { border-color: var(--place); }
.ramp { width: 76px; height: 10px; border-radius: 5px; }
.step { background: var(--card); border: 1px solid var(--line); border-radius: 18px; padding: 20px 22px; margin-bottom: 18px; box-shadow: var(--shadow); }
.step > header { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; margin-bottom: 14px; }
.step h3 { display: flex; align-items: center; gap: 10px; font-size: 18px; }
.step h3 span { display: grid; place-items: center; width: 28px; height: 28px; border-radius: 50%; background: var(--ink); color: var(--card); font-size: 14px; }
.tag { padding: 2px 12px; border-radius: 99px; font-weight: 600; font-size: 14px; } .note { color: var(--soft); overflow-wrap: anywhere; }
.maps { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
.frame { position: relative; border-radius: 10px; overflow: hidden; background: #000; }
.frame img { width: 100%; image-rendering: pixelated; }
.marks { position: absolute; inset: 0; width: 100%; height: 100%; fill: none; stroke-linecap: round; stroke-linejoin: round; }
.map figcaption { display: flex; justify-content: space-between; gap: 10px; margin-top: 6px; }
.scale { display: inline-flex; align-items: center; gap: 7px; font-variant-numeric: tabular-nums; white-space: nowrap; } .scale i { width: 76px; height: 9px; border-radius: 5px; }
.mark { stroke-width: 2.2; } .mark.pick { stroke: #ff8a2a; } .mark.place { stroke: #45b6ff; } .mark.way { stroke: #fff; stroke-width: 1.7; }
.mark .halo { stroke: rgb(0 0 0 / .62); stroke-width: 4.2; } .mark .dot { fill: #45b6ff; stroke: none; } .mark .head { fill: #fff; stroke: rgb(0 0 0 / .62); stroke-width: .8; }
.meters { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 8px 22px; margin-top: 16px; font-size: 14px; }
.meters li { display: grid; grid-template-columns: 1fr auto; gap: 2px 8px; color: var(--soft); } .meters b { color: var(--ink); }
.meters meter { grid-column: 1 / -1; grid-row: 2; width: 100%; height: 7px; border: 0; border-radius: 4px; overflow: hidden; background: var(--line); appearance: none; -webkit-appearance: none; }
.meters meter::-webkit-meter-bar { background: var(--line); border: 0; border-radius: 4px; height: 7px; } .meters meter::-webkit-meter-optimum-value { background: var(--accent); border-radius: 4px; }
.meters meter::-moz-meter-bar { background: var(--accent); }
.plan { margin-top: 18px; padding: 12px 14px 4px; border-radius: 12px; background: var(--sunken); }
.plan figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 16px; margin-bottom: 6px; } .plan .keys { gap: 8px; font-size: 13.5px; } .plan .keys i { width: 18px; height: 3px; border-radius: 2px; margin-left: 8px; }
.keys .leg.pick { background: var(--pick); } .keys .leg.place { background: var(--place); } .keys .leg.park { background: var(--park); }
.profile { width: 100%; } .profile .grid { stroke: var(--line); } .profile .table { stroke: var(--soft); stroke-width: 1.2; }
.profile text { font: 11.5px system-ui, sans-serif; fill: var(--soft); font-variant-numeric: tabular-nums; } .profile .label { fill: var(--ink); font-weight: 600; }
.profile .ground { fill: var(--soft); opacity: .28; }
.profile .leg { fill: none; stroke-width: 2.6; stroke-linecap: round; } .profile .leg.pick { stroke: var(--pick); } .profile .leg.place { stroke: var(--place); } .profile .leg.park { stroke: var(--park); } .profile .descend { stroke-dasharray: 1 5; stroke-width: 3; }
.profile .stop { stroke: none; } .profile .stop.pick { fill: var(--pick); } .profile .stop.place { fill: var(--place); } .profile .stop.park { fill: var(--park); }
.profile .grip { fill: var(--card); stroke: var(--ink); stroke-width: 2.4; } .profile .grip.grasp { fill: var(--ink); }
.step > footer { display: flex; flex-wrap: wrap; gap: 4px 26px; margin-top: 14px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--soft); font-size: 14.5px; }
.step > footer p { display: flex; flex-wrap: wrap; align-items: center; gap: 0 6px; } .step > footer b, .step > footer .num { color: var(--ink); } .step > footer p:last-child { margin-left: auto; }

#timings > *:not(.title) { margin-left: 6px; margin-right: 6px; }
.timeline { display: grid; gap: 9px; } .timeline li { display: grid; grid-template-columns: 64px 1fr 64px; align-items: center; gap: 12px; font-size: 14px; } .timeline .who { color: var(--soft); } .timeline .sum { text-align: right; font-weight: 600; }
.track { height: 22px; background: var(--sunken); border-radius: 6px; } .flow { display: flex; height: 100%; border-radius: 6px; overflow: hidden; min-width: 3px; } .flow span { min-width: 1.5px; }
#timings .keys { margin: 12px 6px 30px; } .keys li i { width: 12px; height: 12px; border-radius: 3px; }
.stage-capture { background: var(--capture); } .stage-project { background: var(--project); } .stage-propose { background: var(--propose); } .stage-decide { background: var(--decide); } .stage-plan { background: var(--plan); } .stage-check { background: var(--check); } .stage-execute { background: var(--execute); } .stage-verify { background: var(--verify); } .stage-other { background: var(--other); }
.scroll { overflow-x: auto; }
.stages { width: 100%; border-collapse: collapse; font-size: 14.5px; margin-top: 6px; }
.stages th, .stages td { padding: 4px 0 4px 16px; text-align: right; white-space: nowrap; } .stages th:first-child { text-align: left; padding-left: 0; font-weight: 600; } .stages thead th { color: var(--soft); font-weight: 500; font-size: 13px; }
.stages .part th { padding-left: 16px; color: var(--soft); font-weight: 400; } .stages .part b { opacity: .6; } .stages .bar { width: 58%; min-width: 190px; padding-right: 12px; }
.stages tbody tr + tr { border-top: 1px solid var(--line); }
.bar > div { position: relative; height: 18px; } .bar b, .bar s, .bar u, .bar .axis span, .bar div > i { position: absolute; }
.bar div > i { top: -5px; bottom: -5px; width: 1px; background: var(--line); } .bar b { left: 0; top: 3px; bottom: 3px; border-radius: 0 4px 4px 0; } .bar s { top: 8px; height: 2px; background: var(--soft); } .bar u { top: 4px; width: 2px; height: 10px; background: var(--ink); }
.axis span { transform: translateX(-50%); font-weight: 400; font-size: 12px; }

.files { margin: 0 6px; display: grid; gap: 4px; } .files li { display: flex; flex-wrap: wrap; gap: 0 12px; } .files span { color: var(--soft); }
.again { margin: 18px 6px 6px; color: var(--soft); font-size: 14px; } .problems { margin: 0 6px; color: var(--bad); }
pre { padding: 12px 16px; border-radius: 12px; background: var(--sunken); border: 1px solid var(--line); overflow-x: auto; font: 14px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
body > footer { max-width: 1120px; margin: 36px auto 0; padding: 16px 30px 28px; color: var(--soft); font-size: 13.5px; }

@media (max-width: 820px) {
  main { padding: 14px 14px 4px; }
  .hero { grid-template-columns: 1fr; border-radius: 16px; } .banner { padding: 22px 20px 24px; }
  .facts { display: grid; grid-template-columns: repeat(2, 1fr); gap: 12px 18px; } section { margin-top: 34px; }
  .step { padding: 16px 14px; border-radius: 14px; } .meters { grid-template-columns: repeat(2, 1fr); } .step > footer p:last-child { margin-left: 0; }
}
@media (max-width: 560px) {
  .maps { grid-template-columns: 1fr; } .pair { gap: 8px; } .pair figure { border-radius: 10px; } .plan { padding: 10px 8px 2px; }
  .stages .bar { min-width: 120px; width: auto; } .stages th, .stages td { padding-left: 9px; font-size: 13px; } .timeline li { grid-template-columns: 60px 1fr 56px; gap: 8px; }
  .profile text { font-size: 17px; } .axis span:nth-child(even) { display: none; }
}
@media print { .step, .hero { box-shadow: none; break-inside: avoid; } }
`

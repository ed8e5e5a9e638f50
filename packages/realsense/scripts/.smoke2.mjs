import { openCamera } from '@cliport/realsense'
const file = process.argv[2]
for (const opt of [{pairing:'latest'}, {pairing:'latest',align:'color'}, {}, {align:'color'}, {align:'depth', depthAs:'metres'}, {depth:true}, {realTime:true}, {delivery:'lease'}]) {
  const cam = await openCamera({file, ...opt})
  const nums=[]; let first
  for await (const f of cam) { first ??= f.copy(); nums.push(f.images.map(i=>i.number).join('/')); f.release() }
  console.log(JSON.stringify(opt), cam.state, cam.stats.received, cam.stats.incomplete, cam.stats.taken, cam.stats.dropped, first?.images.map(i=>`${i.stream} ${i.format} ${i.width}x${i.height} ${i.domain} ${i.timestampMs}`).join(' | '), nums.join(' '))
  if (!Object.keys(opt).length) console.log(cam.info, first?.depth?.intrinsics, first?.color?.intrinsics, first?.T_color_depth, first?.depthUnitsM, first?.depth.metadata)
  console.log(await cam.close())
}

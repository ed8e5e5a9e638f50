import { openCamera } from '@cliport/realsense'
const file = process.argv[2]
for (const opt of [{depth:true},{color:true}]) {
  const cam = await openCamera({file, ...opt})
  for await (const f of cam) for (const i of f.images) console.log(i.stream,i.format,i.width,i.height,i.fps,i.number,i.timestampMs,i.domain,JSON.stringify(i.metadata))
  await cam.close()
}

import { openCamera, listCameras, libraryInfo, watchCameras } from '@cliport/realsense'
import { SoftwareCamera, softwareBuffersAlive } from '@cliport/realsense/testing'
console.log(libraryInfo())
const W=640,H=480
const sw = new SoftwareCamera({serial:'SW1', depth:{width:W,height:H,fx:384,fy:384,cx:320,cy:240}, color:{width:W,height:H,fx:608,fy:608,cx:320,cy:240}, T_color_depth:[1,0,0,0.015,0,1,0,0,0,0,1,0,0,0,0,1]})
console.log(await listCameras())
const cam = await openCamera({serial:'SW1', align:'color'})
console.log(cam.state, cam.info)
const depth=new Uint16Array(W*H).fill(1000), color=new Uint8Array(W*H*3).fill(7)
let k=0; const t=setInterval(()=>{ k++; sw.inject({number:k,timestampMs:k*33.333,depth,color}); },33)
let n=0
for await (const f of cam) { n++; if(n===1) console.log(f.depth, f.T_color_depth, f.depthUnitsM, f.depth.data.subarray(240*640+320,240*640+324)); if(n>=30) break }
clearInterval(t)
console.log(cam.stats, k)
console.log(await cam.close(), softwareBuffersAlive())

import type { LatencyReport } from './report.js'
export async function writeLatencyPage(_report: LatencyReport, _out: string): Promise<string[]> {
  return []
}

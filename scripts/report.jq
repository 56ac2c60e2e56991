# SPDX-License-Identifier: GPL-2.0-only
# From rmapdiff stats --json (docs/STATS.md): a line for each reverse map, its columns as report.awk reads them.
.files[0] as $file
| if $file.result != "ok" then error("\($file.file): \($file.result)") else . end
| $file.rmaps[]
| .walks.reclaim as $walk
| [
    .name, $file.ops,
    .peak_processes, .peak_mms, .peak_vmas, .peak_folios,
    .memory.peak.objects, .memory.peak.bytes, .memory.peak.bytes_low, .memory.peak.embedded_bytes,
    $walk.walks, $walk.exclusive, $walk.mapped.sum,
    $walk.visits.sum, $walk.visits.p99, $walk.visits.max, $walk.useless.sum,
    $walk.contexts.sum, $walk.remaps.sum, $walk.nodes.sum,
    ([.locks[].write_sections] | add),
    .locks[0].mms.median, .locks[0].mms.max,
    .read.mms.median, .read.mms.max,
    ([.locks[].tree_ops.sum] | add),
    $walk.to_last.sum
  ]
| @tsv

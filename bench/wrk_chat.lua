-- For wrk: the request of load.py. KEY and MODEL come from the environment; the last line is JSON.
wrk.method = "POST"
wrk.body = '{"model":"' .. (os.getenv("MODEL") or "mock") .. '","messages":[{"role":"system","content":"You are a helpful assistant."},'
  .. '{"role":"user","content":"Write one sentence about the sea, please. [[simulate tokens=20 tps=0 ttft_ms=0]]"}],"temperature":0.7,"max_tokens":512}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. (os.getenv("KEY") or "none")
function done(summary, latency)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  local failures = {}
  if errors.status > 0 then failures[#failures + 1] = '"status":' .. errors.status end
  if lost > 0 then failures[#failures + 1] = '"connection":' .. lost end
  io.write(string.format('\n{"requests":%d,"rps":%.2f,"p50":%.4f,"p99":%.4f,"max":%.4f,"failures":{%s}}\n',
    summary.requests - errors.status, (summary.requests - errors.status) / (summary.duration / 1e6),
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3, table.concat(failures, ",")))
end

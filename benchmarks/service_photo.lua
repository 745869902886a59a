-- wrk: the photo named by PHOTO as a form, again and again; prints one line of JSON at the end.
local file = assert(io.open(os.getenv("PHOTO"), "rb"))
local photo = file:read("*a")
file:close()

wrk.method = "POST"
wrk.headers["Content-Type"] = "multipart/form-data; boundary=x"
wrk.body = '--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
  .. photo .. "\r\n--x--\r\n"

local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() busy, other = 0, 0 end
function response(status)
  if status == 503 then busy = busy + 1 elseif status ~= 200 then other = other + 1 end
end

function done(summary, latency)
  local busy, other = 0, 0
  for _, thread in ipairs(threads) do
    busy = busy + thread:get("busy")
    other = other + thread:get("other")
  end
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.2f, "p50_ms": %.1f, "p90_ms": %.1f, "p99_ms": %.1f, "max_ms": %.1f, '
      .. '"busy_503": %d, "other_status": %d, "socket_errors": %d, "timeouts": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000,
    latency:percentile(90) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
    busy, other, errors.connect + errors.read + errors.write, errors.timeout))
end

-- wrk asks the requests of a file, one a line: METHOD, path and body between tabs. Each thread begins somewhere else.
local requests, at = {}, 0
local started = 0

function setup(thread)
  thread:set('number', started)
  started = started + 1
end

function init(arguments)
  for line in io.lines(arguments[1]) do
    local method, path, body = line:match('^(%S+)\t(%S+)\t(.*)$')
    requests[#requests + 1] = wrk.format(method, path, nil, body ~= '' and body or nil)
  end
  at = math.floor(#requests * number / 2)
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f,"refused":%d,"broken":%d}\n', summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end

-- What a run found, as one line of JSON behind wrk's own words.
function done(summary, latency, requests)
	local errors = summary.errors
	io.write(string.format(
		'\nRESULT {"requests":%d,"micros":%d,"p99":%d,"failed":%d}\n',
		summary.requests, summary.duration, latency:percentile(99),
		errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

-- Appends of one event, or of several in one request, each with an id of its own.
-- Arguments: events a request, streams, seed.
dofile("report.lua")

local DATA = '{"orderId":"%d","customer":"c-20417","total":12345.60,"currency":"EUR",' ..
	'"lines":[{"sku":"A-1001","count":3},{"sku":"B-2002","count":1}],"note":"leave at the door"}'
-- Odd and below 2^32: multiplying a counter by it gives every number once, in no order.
local STEP = 2654435761

local events, streams, head, body, counter, tail

function init(args)
	events, streams = tonumber(args[1]), tonumber(args[2])
	counter, tail = 0, string.format("%012x", tonumber(args[3]))
	math.randomseed(tonumber(args[3]))
	head = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Type: "
	if events == 1 then
		body = string.format(DATA, 1)
		return
	end
	local list = {}
	for i = 1, events do
		list[i] = string.format(
			'{"eventId":"@@@@@@@@-%04x-4000-8000-%s","eventType":"OrderPlaced","data":%s}',
			i, tail, string.format(DATA, i))
	end
	body = "[" .. table.concat(list, ",") .. "]"
end

function request()
	counter = counter + 1
	local unique = string.format("%08x", counter * STEP % 4294967296)
	local start = "POST /streams/order-" .. math.random(streams) .. head
	if events == 1 then
		return start .. "application/json\r\nES-EventType: OrderPlaced\r\nES-EventId: " .. unique ..
			"-0001-4000-8000-" .. tail .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
	end
	local batch = body:gsub("@@@@@@@@", unique)
	return start .. "application/vnd.eventstore.events+json\r\nContent-Length: " .. #batch ..
		"\r\n\r\n" .. batch
end

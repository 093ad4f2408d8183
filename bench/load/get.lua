-- The same GET again and again; headers come from the command line.
-- With an argument n, the last "1" of the path becomes any number from 1 to n.
dofile("report.lua")

local pieces = {}

function init(args)
	local count = tonumber(args[1] or "1")
	math.randomseed(tonumber(args[2] or "1"))
	local path = wrk.path
	for i = 1, count do
		local one = path:gsub("%-1([/?]?[^%d]*)$", "-" .. i .. "%1")
		pieces[i] = wrk.format("GET", count == 1 and path or one)
	end
end

function request()
	return pieces[math.random(#pieces)]
end

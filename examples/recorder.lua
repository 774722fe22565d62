-- A recorder: it beeps, records the caller until a key, silence or the limit, and says where.
--
--   load-app examples/recorder.lua --as default folder=/var/tmp limit=30

local folder = args.folder or "/tmp"
local limit = tonumber(args.limit) or 30

function on_park(session)
    if session.direction ~= "inbound" then return end
    session:answer()
    session:play("tone_stream://%(200,0,800)")
    local path = string.format("%s/%s.wav", folder, session.uuid)
    session:start_record(path)
    local key = session:digits { max = 1, timeout = limit }
    session:stop_record(path)
    log("recorded", path, key ~= "" and "until key " .. key or "to the limit")
    session:setvar("recorded_to", path)
    session:play("tone_stream://%(200,0,400)")
    session:hangup()
end

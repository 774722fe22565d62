-- A call forwarder with failover: it rings one place after the other until a party answers.
--
--   load-app examples/forward.lua --as default first=user/1000 second=9196@127.0.0.1:5080

local places = { args.first or "error/USER_BUSY", args.second or "9196@127.0.0.1:5080" }

function on_park(session)
    if session.direction ~= "inbound" then return end
    for _, place in ipairs(places) do
        local connected, cause = session:bridge(place, { timeout = 15 })
        log(place, connected and "talked, then" or "failed:", cause)
        if connected then return session:hangup() end
    end
    session:hangup("NO_ANSWER")
end

-- An IVR: it answers, asks for digits, and does what they say.
--
--   load-app examples/ivr.lua --as default menu=tone_stream://%(300,100,440)
--
-- args.menu is what is played while the digits are waited for.

local menu = args.menu or "tone_stream://%(500,0,440)"
local choices = { ["1"] = "9196@127.0.0.1:5080", ["2"] = "9197@127.0.0.1:5080" }

function on_park(session)
    if session.direction ~= "inbound" then return end
    session:answer()
    for try = 1, 3 do
        local digits = session:digits { max = 1, timeout = 3, play = menu }
        local to = choices[digits]
        if to then
            session.call.vars.choice = digits
            log("caller", session.caller_number, "chose", digits)
            session:bridge(to, { timeout = 10 })
            return session:hangup()
        end
        log.warn("no choice", digits, "at try", try)
    end
    session:hangup("NO_USER_RESPONSE")
end

function on_hangup(session, event, call)
    log("call ended:", session.cause, "choice:", call.vars.choice or "none")
end

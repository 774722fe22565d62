# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_switchy_global_optspecs
    string join \n profile= H/host= P/port= u/user= p/password= r/retry R/reconnect T/connect-timeout= t/timeout= read-only config= no-config x/execute= f/file= stop-on-error keep-going echo transcript= set= o/output= as-fs-cli fail-on-error color= n/no-color plain b/batchmode l/loglevel= q/quiet U/log-uuid S/log-uuid-short s/set-log-uuid= i/interrupt Q/no-history-file d/debug= h/help V/version
end

function __fish_switchy_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_switchy_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]; and contains -- $argv[1] demo replay sim doctor config completions man help
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_switchy_using_subcommand
    set -l cmd (__fish_switchy_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c switchy -n "__fish_switchy_needs_command" -l profile -d 'A profile of the configuration; one that does not exist is an error' -r
complete -c switchy -n "__fish_switchy_needs_command" -s H -l host -d 'The server' -r
complete -c switchy -n "__fish_switchy_needs_command" -s P -l port -d 'The port of its event socket' -r
complete -c switchy -n "__fish_switchy_needs_command" -s u -l user -d 'Log in as a directory user' -r
complete -c switchy -n "__fish_switchy_needs_command" -s p -l password -d 'The password; others can see it: SWITCHY_PASSWORD or password_command are safer' -r
complete -c switchy -n "__fish_switchy_needs_command" -s T -l connect-timeout -d 'Limit for connecting, and the same again for the login: milliseconds, or with a unit (5s)' -r
complete -c switchy -n "__fish_switchy_needs_command" -s t -l timeout -d 'How long an answer may take: milliseconds, or with a unit (5s)' -r
complete -c switchy -n "__fish_switchy_needs_command" -l config -d 'Read this configuration instead of the user\'s' -r -F
complete -c switchy -n "__fish_switchy_needs_command" -s x -l execute -d 'Run this line and leave; may be repeated' -r
complete -c switchy -n "__fish_switchy_needs_command" -s f -l file -d 'Run the lines of this file and leave; - is standard input' -r
complete -c switchy -n "__fish_switchy_needs_command" -l transcript -d 'Write the session down in this new file, as "transcript start" does' -r -F
complete -c switchy -n "__fish_switchy_needs_command" -l set -d 'Set a variable of the script: $NAME in a line stands for VALUE' -r
complete -c switchy -n "__fish_switchy_needs_command" -s o -l output -d 'Write answers in this format' -r -f -a "table\t'For people: fitted to the terminal, numbers and ages humanised'
vertical\t'One field a line'
json\t'One JSON document'
jsonl\t'One JSON object a line'
csv\t'Comma-separated, with a header line'
raw\t'The server\'s own text where there is one, else as csv without a header'"
complete -c switchy -n "__fish_switchy_needs_command" -l color -d 'Use color: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c switchy -n "__fish_switchy_needs_command" -s l -l loglevel -d 'Start with the server\'s log up to this level' -r
complete -c switchy -n "__fish_switchy_needs_command" -s s -l set-log-uuid -d 'Show only log lines of this call' -r
complete -c switchy -n "__fish_switchy_needs_command" -s d -l debug -d 'How much this client logs about itself: 0 to 7' -r
complete -c switchy -n "__fish_switchy_needs_command" -s r -l retry -d 'Try to connect again, once a second for two minutes'
complete -c switchy -n "__fish_switchy_needs_command" -s R -l reconnect -d 'Reconnect after a lost connection and restore subscriptions (always on)'
complete -c switchy -n "__fish_switchy_needs_command" -l read-only -d 'Refuse whatever changes the server'
complete -c switchy -n "__fish_switchy_needs_command" -l no-config -d 'Read no configuration, neither ours nor fs_cli\'s'
complete -c switchy -n "__fish_switchy_needs_command" -l stop-on-error -d 'Stop at the first line that fails (the default)'
complete -c switchy -n "__fish_switchy_needs_command" -l keep-going -d 'Continue after lines that fail; the exit code is that of the first'
complete -c switchy -n "__fish_switchy_needs_command" -l echo -d 'Write each line to standard error before it is run'
complete -c switchy -n "__fish_switchy_needs_command" -l as-fs-cli -d 'Behave as fs_cli does, as under its name'
complete -c switchy -n "__fish_switchy_needs_command" -l fail-on-error -d 'As fs_cli: leave with 1 when the server refuses, though fs_cli leaves with 0'
complete -c switchy -n "__fish_switchy_needs_command" -s n -l no-color -d 'No color'
complete -c switchy -n "__fish_switchy_needs_command" -l plain -d 'For screen readers and simple terminals: no color, states in words, no prompt drawn again'
complete -c switchy -n "__fish_switchy_needs_command" -s b -l batchmode -d 'No color and no line editing; log lines (-l) go to standard output, also beside a pipe'
complete -c switchy -n "__fish_switchy_needs_command" -s q -l quiet -d 'Start without log lines (the default)'
complete -c switchy -n "__fish_switchy_needs_command" -s U -l log-uuid -d 'Put the call\'s uuid in front of log lines'
complete -c switchy -n "__fish_switchy_needs_command" -s S -l log-uuid-short -d 'Put the first eight characters of the call\'s uuid in front of log lines'
complete -c switchy -n "__fish_switchy_needs_command" -s i -l interrupt -d 'Let Ctrl-C at an empty prompt leave'
complete -c switchy -n "__fish_switchy_needs_command" -s Q -l no-history-file -d 'Keep no history of typed lines'
complete -c switchy -n "__fish_switchy_needs_command" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_needs_command" -s V -l version -d 'Print version'
complete -c switchy -n "__fish_switchy_needs_command" -a "demo" -d 'Open the shell on a simulated switch with some traffic'
complete -c switchy -n "__fish_switchy_needs_command" -a "replay" -d 'Open the shell on a transcript'
complete -c switchy -n "__fish_switchy_needs_command" -a "sim" -d 'Serve a simulated switch to any event-socket client'
complete -c switchy -n "__fish_switchy_needs_command" -a "doctor" -d 'Check why a connection fails, or what is wrong with a server'
complete -c switchy -n "__fish_switchy_needs_command" -a "config" -d 'Check, show or make the configuration'
complete -c switchy -n "__fish_switchy_needs_command" -a "completions" -d 'Print the completion script of a shell'
complete -c switchy -n "__fish_switchy_needs_command" -a "man" -d 'Print the manual page'
complete -c switchy -n "__fish_switchy_needs_command" -a "help" -d 'Print help; of a command of the prompt, too'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l password -d 'Its password' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l user -d 'A user for userauth, with the switch\'s password or an own one; may be repeated' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l seed -d 'Make ids, timings and background calls the same in each run' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l traffic -d 'Background calls a second, answered, busy, unanswered and wrong ones' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l fault -d 'Let something go wrong; may be repeated, the list is below' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s x -l execute -d 'Run this line and leave; may be repeated' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s f -l file -d 'Run the lines of this file and leave; - is standard input' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l transcript -d 'Write the session down in this new file, as "transcript start" does' -r -F
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l set -d 'Set a variable of the script: $NAME in a line stands for VALUE' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s o -l output -d 'Write answers in this format' -r -f -a "table\t'For people: fitted to the terminal, numbers and ages humanised'
vertical\t'One field a line'
json\t'One JSON document'
jsonl\t'One JSON object a line'
csv\t'Comma-separated, with a header line'
raw\t'The server\'s own text where there is one, else as csv without a header'"
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l color -d 'Use color: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s l -l loglevel -d 'Start with the server\'s log up to this level' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s s -l set-log-uuid -d 'Show only log lines of this call' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s d -l debug -d 'How much this client logs about itself: 0 to 7' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l stop-on-error -d 'Stop at the first line that fails (the default)'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l keep-going -d 'Continue after lines that fail; the exit code is that of the first'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l echo -d 'Write each line to standard error before it is run'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l as-fs-cli -d 'Behave as fs_cli does, as under its name'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l fail-on-error -d 'As fs_cli: leave with 1 when the server refuses, though fs_cli leaves with 0'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s n -l no-color -d 'No color'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l plain -d 'For screen readers and simple terminals: no color, states in words, no prompt drawn again'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s b -l batchmode -d 'No color and no line editing; log lines (-l) go to standard output, also beside a pipe'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s q -l quiet -d 'Start without log lines (the default)'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s U -l log-uuid -d 'Put the call\'s uuid in front of log lines'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s S -l log-uuid-short -d 'Put the first eight characters of the call\'s uuid in front of log lines'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s i -l interrupt -d 'Let Ctrl-C at an empty prompt leave'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s Q -l no-history-file -d 'Keep no history of typed lines'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -l until -l at -d 'Only what was before: 19:15:39, or 2026-11-22T19:15:39Z' -r
complete -c switchy -n "__fish_switchy_using_subcommand replay" -l speed -d 'Play it back at this multiple of the recorded speed' -r
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s x -l execute -d 'Run this line and leave; may be repeated' -r
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s f -l file -d 'Run the lines of this file and leave; - is standard input' -r
complete -c switchy -n "__fish_switchy_using_subcommand replay" -l transcript -d 'Write the session down in this new file, as "transcript start" does' -r -F
complete -c switchy -n "__fish_switchy_using_subcommand replay" -l set -d 'Set a variable of the script: $NAME in a line stands for VALUE' -r
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s o -l output -d 'Write answers in this format' -r -f -a "table\t'For people: fitted to the terminal, numbers and ages humanised'
vertical\t'One field a line'
json\t'One JSON document'
jsonl\t'One JSON object a line'
csv\t'Comma-separated, with a header line'
raw\t'The server\'s own text where there is one, else as csv without a header'"
complete -c switchy -n "__fish_switchy_using_subcommand replay" -l color -d 'Use color: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s l -l loglevel -d 'Start with the server\'s log up to this level' -r
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s s -l set-log-uuid -d 'Show only log lines of this call' -r
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s d -l debug -d 'How much this client logs about itself: 0 to 7' -r
complete -c switchy -n "__fish_switchy_using_subcommand replay" -l stop-on-error -d 'Stop at the first line that fails (the default)'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -l keep-going -d 'Continue after lines that fail; the exit code is that of the first'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -l echo -d 'Write each line to standard error before it is run'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -l as-fs-cli -d 'Behave as fs_cli does, as under its name'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -l fail-on-error -d 'As fs_cli: leave with 1 when the server refuses, though fs_cli leaves with 0'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s n -l no-color -d 'No color'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -l plain -d 'For screen readers and simple terminals: no color, states in words, no prompt drawn again'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s b -l batchmode -d 'No color and no line editing; log lines (-l) go to standard output, also beside a pipe'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s q -l quiet -d 'Start without log lines (the default)'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s U -l log-uuid -d 'Put the call\'s uuid in front of log lines'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s S -l log-uuid-short -d 'Put the first eight characters of the call\'s uuid in front of log lines'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s i -l interrupt -d 'Let Ctrl-C at an empty prompt leave'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s Q -l no-history-file -d 'Keep no history of typed lines'
complete -c switchy -n "__fish_switchy_using_subcommand replay" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l listen -d 'Where it listens; port 0 is any free one' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l password -d 'Its password' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l user -d 'A user for userauth, with the switch\'s password or an own one; may be repeated' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l seed -d 'Make ids, timings and background calls the same in each run' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l traffic -d 'Background calls a second, answered, busy, unanswered and wrong ones' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l fault -d 'Let something go wrong; may be repeated, the list is below' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l record -d 'Write all exchanges to a file, as JSON lines; passwords are masked' -r -F
complete -c switchy -n "__fish_switchy_using_subcommand sim" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -l profile -d 'A profile of the configuration; one that does not exist is an error' -r
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -s H -l host -d 'The server' -r
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -s P -l port -d 'The port of its event socket' -r
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -s u -l user -d 'Log in as a directory user' -r
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -s p -l password -d 'The password; others can see it: SWITCHY_PASSWORD or password_command are safer' -r
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -s T -l connect-timeout -d 'Limit for connecting, and the same again for the login: milliseconds, or with a unit (5s)' -r
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -s t -l timeout -d 'How long an answer may take: milliseconds, or with a unit (5s)' -r
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -l config -d 'Read this configuration instead of the user\'s' -r -F
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -l sofia-profile -d 'The sofia profile whose context is looked at' -r
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -s o -l output -d 'Write the answer in this format' -r -f -a "table\t'For people: fitted to the terminal, numbers and ages humanised'
vertical\t'One field a line'
json\t'One JSON document'
jsonl\t'One JSON object a line'
csv\t'Comma-separated, with a header line'
raw\t'The server\'s own text where there is one, else as csv without a header'"
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -s r -l retry -d 'Try to connect again, once a second for two minutes'
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -s R -l reconnect -d 'Reconnect after a lost connection and restore subscriptions (always on)'
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -l read-only -d 'Refuse whatever changes the server'
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -l no-config -d 'Read no configuration, neither ours nor fs_cli\'s'
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -l dialplan -d 'Print a dial plan that parks every call, with a limit'
complete -c switchy -n "__fish_switchy_using_subcommand doctor" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand config; and not __fish_seen_subcommand_from check show path init keys" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand config; and not __fish_seen_subcommand_from check show path init keys" -f -a "check" -d 'Check the files, and report all faults with line numbers'
complete -c switchy -n "__fish_switchy_using_subcommand config; and not __fish_seen_subcommand_from check show path init keys" -f -a "show" -d 'Show what holds for a profile, and where each value comes from'
complete -c switchy -n "__fish_switchy_using_subcommand config; and not __fish_seen_subcommand_from check show path init keys" -f -a "path" -d 'Print where the configuration file is'
complete -c switchy -n "__fish_switchy_using_subcommand config; and not __fish_seen_subcommand_from check show path init keys" -f -a "init" -d 'Write a first configuration file, with every key explained; an existing one stays'
complete -c switchy -n "__fish_switchy_using_subcommand config; and not __fish_seen_subcommand_from check show path init keys" -f -a "keys" -d 'List all keys and what they mean'
complete -c switchy -n "__fish_switchy_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand config; and __fish_seen_subcommand_from keys" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand completions" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand man" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand help" -s h -l help -d 'Print help; --help has more'
complete -c switchy -n "__fish_switchy_using_subcommand completions" -f -a "bash elvish fish powershell zsh"

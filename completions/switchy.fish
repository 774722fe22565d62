# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_switchy_global_optspecs
    string join \n H/host= P/port= u/user= p/password= x/execute= o/output= color= read-only h/help V/version
end

function __fish_switchy_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_switchy_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
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

complete -c switchy -n "__fish_switchy_needs_command" -s H -l host -d 'The server' -r
complete -c switchy -n "__fish_switchy_needs_command" -s P -l port -d 'The port of its event socket' -r
complete -c switchy -n "__fish_switchy_needs_command" -s u -l user -d 'Log in as a directory user' -r
complete -c switchy -n "__fish_switchy_needs_command" -s p -l password -d 'The password; SWITCHY_PASSWORD is safer, others can see this one' -r
complete -c switchy -n "__fish_switchy_needs_command" -s x -l execute -d 'Run this line and leave; may be repeated' -r
complete -c switchy -n "__fish_switchy_needs_command" -s o -l output -d 'Write answers in this format' -r -f -a "table\t'For people: fitted to the terminal, numbers and ages humanised'
vertical\t'One field a line'
json\t'One JSON document'
jsonl\t'One JSON object a line'
csv\t'Comma-separated, with a header line'
raw\t'The server\'s own text where there is one, else as csv without a header'"
complete -c switchy -n "__fish_switchy_needs_command" -l color -d 'Use color: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c switchy -n "__fish_switchy_needs_command" -l read-only -d 'Refuse whatever changes the server'
complete -c switchy -n "__fish_switchy_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c switchy -n "__fish_switchy_needs_command" -s V -l version -d 'Print version'
complete -c switchy -n "__fish_switchy_needs_command" -a "demo" -d 'Open the shell on a simulated switch with some traffic'
complete -c switchy -n "__fish_switchy_needs_command" -a "sim" -d 'Serve a simulated switch to any event-socket client'
complete -c switchy -n "__fish_switchy_needs_command" -a "completions" -d 'Print the completion script of a shell'
complete -c switchy -n "__fish_switchy_needs_command" -a "man" -d 'Print the manual page'
complete -c switchy -n "__fish_switchy_needs_command" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l password -d 'Its password' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l user -d 'A user for userauth, with the switch\'s password or an own one; may be repeated' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l seed -d 'Make ids, timings and background calls the same in each run' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l traffic -d 'Background calls a second, answered, busy, unanswered and wrong ones' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -l fault -d 'Let something go wrong; may be repeated, the list is below' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s x -l execute -d 'Run this line and leave; may be repeated' -r
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s o -l output -d 'Write answers in this format' -r -f -a "table\t'For people: fitted to the terminal, numbers and ages humanised'
vertical\t'One field a line'
json\t'One JSON document'
jsonl\t'One JSON object a line'
csv\t'Comma-separated, with a header line'
raw\t'The server\'s own text where there is one, else as csv without a header'"
complete -c switchy -n "__fish_switchy_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l listen -d 'Where it listens; port 0 is any free one' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l password -d 'Its password' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l user -d 'A user for userauth, with the switch\'s password or an own one; may be repeated' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l seed -d 'Make ids, timings and background calls the same in each run' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l traffic -d 'Background calls a second, answered, busy, unanswered and wrong ones' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l fault -d 'Let something go wrong; may be repeated, the list is below' -r
complete -c switchy -n "__fish_switchy_using_subcommand sim" -l record -d 'Write all exchanges to a file, as JSON lines; passwords are masked' -r -F
complete -c switchy -n "__fish_switchy_using_subcommand sim" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c switchy -n "__fish_switchy_using_subcommand completions" -s h -l help -d 'Print help'
complete -c switchy -n "__fish_switchy_using_subcommand man" -s h -l help -d 'Print help'
complete -c switchy -n "__fish_switchy_using_subcommand help; and not __fish_seen_subcommand_from demo sim completions man help" -f -a "demo" -d 'Open the shell on a simulated switch with some traffic'
complete -c switchy -n "__fish_switchy_using_subcommand help; and not __fish_seen_subcommand_from demo sim completions man help" -f -a "sim" -d 'Serve a simulated switch to any event-socket client'
complete -c switchy -n "__fish_switchy_using_subcommand help; and not __fish_seen_subcommand_from demo sim completions man help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c switchy -n "__fish_switchy_using_subcommand help; and not __fish_seen_subcommand_from demo sim completions man help" -f -a "man" -d 'Print the manual page'
complete -c switchy -n "__fish_switchy_using_subcommand help; and not __fish_seen_subcommand_from demo sim completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'

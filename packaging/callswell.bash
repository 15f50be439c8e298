# callswell.bash - completion for bash. Everything is read from what the installed program says of itself
# (--help, formats), so it is never older than the program.

# The options of a command: "--NAME" and, where one wants a value, what help calls it.
_callswell_options() {
    "$1" "$2" --help 2>/dev/null | sed -n 's/^  \(--[a-z0-9-]*\)\( \([A-Z][A-Za-z0-9=|,.]*\)\)\{0,1\}.*/\1 \3/p'
}

# What may stand first: "usage: callswell signal list|show ID|... [OPTION...]" -> list show ...
_callswell_operands() {
    "$1" "$2" --help 2>/dev/null | sed -n "s/^usage: callswell $2 //p" | sed 's/\[OPTION.*//' |
        tr '|[] ' '\n\n\n\n' | grep -E '^[a-z][a-z-]*$' | sort -u
}

_callswell_value() { # PROGRAM WORD-OF-THE-HELP OPTION
    case $3 in
    --format) "$1" formats --csv 2>/dev/null | sed -n '2,$s/,.*//p' ;;
    --zone) [ -r /usr/share/zoneinfo/tzdata.zi ] && sed -n 's/^Z \([^ ]*\).*/\1/p' /usr/share/zoneinfo/tzdata.zi ;;
    --severity) printf '%s\n' critical warning info ;;
    --state) printf '%s\n' open acked closed all ;;
    *) case $2 in FILE | PATH | DIR) compgen -f -- "$4" ;; esac ;;
    esac
}

_callswell() {
    local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]} word=${COMP_WORDS[COMP_CWORD]}
    local before=${COMP_WORDS[COMP_CWORD - 1]} options value first=1

    COMPREPLY=()
    if [ "$command" = --config ]; then
        first=3 command=${COMP_WORDS[3]}
        [ "$COMP_CWORD" = 2 ] && COMPREPLY=($(compgen -f -- "$word")) && return
    fi
    if [ "$COMP_CWORD" = "$first" ]; then
        COMPREPLY=($(compgen -W "$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p') help --config --help --version" -- "$word"))
        return
    fi
    options=$(_callswell_options "$program" "$command")
    value=$(printf '%s\n' "$options" | sed -n "s/^$before \(..*\)/\1/p")
    if [ -n "$value" ]; then
        COMPREPLY=($(compgen -W "$(_callswell_value "$program" "$value" "$before" "$word")" -- "$word"))
    elif [ "${word#-}" != "$word" ]; then
        COMPREPLY=($(compgen -W "$(printf '%s\n' "$options" | sed 's/ .*//')" -- "$word"))
    else
        COMPREPLY=($(compgen -W "$(_callswell_operands "$program" "$command")" -- "$word") $(compgen -f -- "$word"))
    fi
}
complete -o filenames -F _callswell callswell

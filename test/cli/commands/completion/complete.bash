# complete.bash COMPLETION LINE...: prints what bash would make of each line's last word; before each line `== LINE`.
# shellcheck source=/dev/null
source "$1"
shift
for line; do
    COMPREPLY=()
    # shellcheck disable=SC2034 # read by the completion
    COMP_LINE=$line COMP_POINT=${#line}
    # The words are made as Bash makes them, for completions of other programs.
    read -ra COMP_WORDS <<<"$line"
    [[ $line == *' ' ]] && COMP_WORDS+=('')
    # shellcheck disable=SC2034
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _sandbox_unit sandbox-unit "${COMP_WORDS[-1]}" ''
    printf '%s\n' "== $line" "${COMPREPLY[@]}"
done

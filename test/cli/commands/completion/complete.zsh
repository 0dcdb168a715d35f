# complete.zsh FPATH LINE...: prints what zsh would make of each line's last word; before each line `== LINE`, and before
# words that have a heading `# HEADING`.
zmodload zsh/zpty
folder=$1 out=$(mktemp)
shift

# Reads what the shell prints on its terminal, which would fill, until a line is in the file.
until_said() {
    local said
    until grep -qx $1 $out; do
        zpty -r -t shell said || sleep 0.02
    done
}

zpty shell TERM=dumb zsh -f -i
zpty -w shell "
PROMPT= fpath=($folder \$fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' format %d
compadd() {
    local -a hits
    local heading=\${@[\${@[(i)-X]}+1]}
    if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
        builtin compadd -A hits \"\$@\"
        [[ -z \$heading || -z \$hits ]] || print -r -- \"# \$heading\" >> $out
        print -rl -- \$hits >> $out
    fi
    builtin compadd \"\$@\"
}
finish() { print -r -- END >> $out }
complete-line() { comppostfuncs=(finish); zle complete-word; BUFFER=; zle accept-line }
zle -C complete-word complete-word _main_complete
zle -N complete-line
bindkey '^I' complete-line
print -r -- READY >> $out
"
until_said READY
for line; do
    : > $out
    zpty -w -n shell "$line"$'\t'
    until_said END
    print -r -- "== $line"
    grep -vx END $out
done
zpty -d shell
rm $out

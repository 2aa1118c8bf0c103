# zsh -f zsh-choices.zsh SCRIPT LINE OUT: writes to OUT what an interactive zsh finds when TAB is pressed behind LINE.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'autoload -U compinit; compinit -u -D; source '"${(q)1}"'; bindkey "^I" list-choices; out='"${(q)3}"
# All candidates go through compadd; with -O, -A or -D it is only asked which ones would match.
zpty -w shell 'compadd() {
  if [[ ${@[1,(i)(-|--)]} != *-[OAD]\ * ]]; then
    local -a found
    builtin compadd -A found "$@"
    print -rl -- $found >> $out
  fi
  builtin compadd "$@"
}'
# Behind its prompt it reads keys; before that the terminal would take \x15 for itself, and the line with it.
zpty -w shell 'PROMPT="WAIT""ING> "; print REA""DY'
zpty -r -m shell begin '*READY*WAITING> *'
zpty -w -n shell "$2"$'\t'
zpty -w -n shell $'\x15print DO""NE\n' # the line is given up; the next one says that all before it is done
zpty -r -m shell answer '*DONE*'

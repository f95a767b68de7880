# bash completion for onlinerlhf: commands, and the options that a command's help lists.
_onlinerlhf() {
  local current=${COMP_WORDS[COMP_CWORD]}
  if [ "$COMP_CWORD" = 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "serve demo ask prefer learn watch status doctor bench model buttons --help --version" -- "$current")
  elif [ "${COMP_WORDS[1]}" = prefer ] && [[ $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "first second tie skip 1 2" -- "$current")
  elif [ "$COMP_CWORD" = 2 ] && [ "${COMP_WORDS[1]}" = model ] && [[ $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "check use" -- "$current")
  elif [[ $current == -* ]]; then
    local verb=("${COMP_WORDS[1]}")
    [ "${COMP_WORDS[1]}" != model ] || [ "$COMP_CWORD" = 2 ] || verb+=("${COMP_WORDS[2]}")
    mapfile -t COMPREPLY < <(compgen -W "$(onlinerlhf "${verb[@]}" --help 2> /dev/null | grep -oE -- '--[a-z0-9-]+' | sort -u)" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -o filenames -F _onlinerlhf onlinerlhf

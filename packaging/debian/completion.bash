# bash completion for onlinerlhf. CompletionTests writes this file from the commands, where ONLINERLHF_WRITE_DOCS=1 is set.
_onlinerlhf() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' options='' word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case "$command $word" in
      ' serve' | ' demo' | ' ask' | ' prefer' | ' learn' | ' watch' | ' key' | 'key add' | 'key list' | 'key remove' | ' status' | ' doctor' | ' bench' | ' model' | 'model check' | 'model use' | ' buttons' | 'buttons test') command=${command:+$command }$word ;;
      *) break ;;
    esac
  done
  case $command in
    '') words='serve demo ask prefer learn watch key status doctor bench model buttons' options='--help --version' ;;
    'serve') options='--model --natives --socket --listen --hosts --origins --control-group --state --threads --device --cpu-variant --time-target --first-word-target --context --chat-template --thinking --thinking-budget --style-hints --candidates --sampling --max-tokens --temperature --ask --step-size --regularization --exploration --usefulness --round-lifetime --conversations --conversation-lifetime --trim-conversations --learn-from-conversations --queue --profiles --gpio-chip --buttons --button-active --button-bias --debounce --lamps --lamp-active --load-wait --config --help' ;;
    'demo') options='--taste --seed --seeds --presses --json --model --natives --threads --context --chat-template --style-hints --step-size --regularization --exploration --config --help' ;;
    'ask') options='--profile --ask --socket --json --help' ;;
    'prefer') words='1 2 first second skip tie' options='--round --profile --socket --json --help' ;;
    'learn') options='--profile --again --socket --json --help' ;;
    'watch') options='--profile --text --socket --help' ;;
    'key') words='add list remove' options='--help' ;;
    'key add') options='--profile --any-profile --no-talk --socket --help' ;;
    'key list') options='--socket --json --help' ;;
    'key remove') options='--socket --help' ;;
    'status') options='--socket --json --help' ;;
    'doctor') options='--json --model --natives --socket --listen --hosts --origins --control-group --state --threads --device --cpu-variant --time-target --first-word-target --context --chat-template --thinking --thinking-budget --style-hints --candidates --sampling --max-tokens --temperature --ask --step-size --regularization --exploration --usefulness --round-lifetime --conversations --conversation-lifetime --trim-conversations --learn-from-conversations --queue --profiles --gpio-chip --buttons --button-active --button-bias --debounce --lamps --lamp-active --load-wait --config --help' ;;
    'bench') options='--json --model --natives --context --chat-template --candidates --config --help' ;;
    'model') words='check use' options='--help' ;;
    'model check') options='--json --natives --context --chat-template --thinking --thinking-budget --style-hints --candidates --max-tokens --conversations --config --help' ;;
    'model use') options='--sha256 --natives --state --threads --context --chat-template --thinking --thinking-budget --style-hints --candidates --max-tokens --conversations --config --help' ;;
    'buttons') words='test' options='--help' ;;
    'buttons test') options='--gpio-chip --buttons --button-active --button-bias --debounce --lamps --lamp-active --config --help' ;;
  esac
  case "$command $previous" in
    'ask --ask') words='always never when-useful' ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [ -n "$words" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -o filenames -F _onlinerlhf onlinerlhf

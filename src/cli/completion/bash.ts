/** Completions for bash: a function that looks at the words before the cursor. */
import { type Choice, type Completed, quoted, valueCases } from "./table.ts";

export function bashScript(verbs: readonly Completed[]): string {
	const names = [...verbs.map(({ name }) => name), "help", "version"].join(" ");
	return `# bash completion for varve, printed by: varve completion bash
_varve_words() {
	COMPREPLY=($(compgen -W "$1" -- "$word"))
}
_varve_paths() {
	local IFS=$'\\n'
	compopt -o filenames 2>/dev/null
	COMPREPLY=($(compgen "$1" -- "$word"))
}
_varve() {
	local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}"
	# bash makes three words of --option=value.
	if [[ $word == = ]]; then
		word=
	elif [[ $before == = ]]; then
		before="\${COMP_WORDS[COMP_CWORD - 2]}"
	fi
	local verb="\${COMP_WORDS[1]}"
	COMPREPLY=()
	if ((COMP_CWORD == 1)) || { ((COMP_CWORD == 2)) && [[ $verb == help ]]; }; then
		_varve_words ${quoted(names)}
		return
	fi
	case "$verb $before" in
${valueCases(verbs, offer)}
	esac
	case "$verb" in
${verbs.map(verbCase).join("\n")}
	esac
}
complete -F _varve varve
`;
}

function verbCase({ name, flags, operand }: Completed): string {
	const words = typeof operand === "string" ? [] : operand;
	const all = [...words, ...flags.map((flag) => `--${flag.name}`)].join(" ");
	const options = `_varve_words ${quoted(all)}`;
	if (typeof operand !== "string") return `\t${name}) ${options} ;;`;
	return `\t${name}) if [[ $word == -* ]]; then ${options}; else ${offer(operand)}; fi ;;`;
}

function offer(choice: Choice): string {
	if (choice === "files") return "_varve_paths -f";
	if (choice === "directories") return "_varve_paths -d";
	return choice.length === 0 ? "" : `_varve_words ${quoted(choice.join(" "))}`;
}

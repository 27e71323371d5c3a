/** Values as they are written in Python. */

/** A text, a number, true, false, None, a list or a dict. */
export function python(value: unknown): string {
  if (value === undefined || value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  // JSON's texts are Python's: the same escapes, in double quotes.
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  if (typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([key, each]) => `${python(key)}: ${python(each)}`)
      .join(', ')}}`;
  }
  return String(value);
}

/** Arguments of a call: those by place, then those with names, of which undefined ones are left out. */
export function call(name: string, places: readonly unknown[], named: Readonly<Record<string, unknown>> = {}): string {
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return `${name}(${[...places.map(python), ...given.map(([key, value]) => `${key}=${python(value)}`)].join(', ')})`;
}

const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if import in is ' +
    'lambda nonlocal not or pass raise return try while with yield match case type'
  ).split(' '),
);

/** Whether a name can be an attribute that is written as such. */
export const isIdentifier = (name: string) => /^[A-Za-z][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name);

/** Names that nn.Module has itself: a submodule may have none of them. Source: dir(torch.nn.Module()) of PyTorch 2.13. */
export const MODULE_NAMES: ReadonlySet<string> = new Set(
  (
    'T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval extra_repr float ' +
    'forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules mtia named_buffers named_children ' +
    'named_modules named_parameters parameters register_backward_hook register_buffer register_forward_hook ' +
    'register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook ' +
    'register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook ' +
    'requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad'
  ).split(' '),
);

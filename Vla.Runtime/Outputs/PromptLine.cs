using System.Text;

namespace Vla.Runtime.Outputs;

/// <summary>The text a person is typing at the prompt, key by key.</summary>
/// <remarks>Enter gives the line; Backspace takes back a letter; Escape and Ctrl+U take back all.</remarks>
internal sealed class PromptLine(string prompt)
{
    private readonly StringBuilder _typed = new();

    /// <summary>The prompt with what has been typed so far.</summary>
    public string Text => prompt + _typed;

    /// <returns>The finished line when the key was Enter; otherwise null.</returns>
    public string? Handle(ConsoleKeyInfo key)
    {
        switch (key)
        {
            case { Key: ConsoleKey.Enter } or { KeyChar: '\n' or '\r' }:
                var line = _typed.ToString();
                _typed.Clear();
                return line;
            case { Key: ConsoleKey.Backspace } or { KeyChar: '\b' or '\u007f' }:
                // A letter beyond the basic plane is two chars.
                var letters = _typed.Length > 1 && char.IsLowSurrogate(_typed[^1]) ? 2 : 1;
                _typed.Length -= Math.Min(letters, _typed.Length);
                break;
            case { Key: ConsoleKey.Escape } or { Key: ConsoleKey.U, Modifiers: ConsoleModifiers.Control }:
                _typed.Clear();
                break;
            default:
                if (!char.IsControl(key.KeyChar))
                    _typed.Append(key.KeyChar);
                break;
        }

        return null;
    }
}

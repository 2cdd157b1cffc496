using System.Text;

namespace Vla.Tests.Runtime.Outputs;

/// <summary>A terminal's grid of cells with the few control sequences that a screen uses.</summary>
internal sealed class FakeTerminal(int width, int height) : StringWriter
{
    private readonly List<StringBuilder> _rows = [new StringBuilder()];
    private int _row;
    private int _column;

    /// <summary>Everything ever on the terminal, what scrolled away included.</summary>
    public IEnumerable<string> Lines =>
        _rows.Select((row, i) => i == _rows.Count - 1 ? row.ToString() : row.ToString().TrimEnd());

    public override void Write(StringBuilder? value) => Write(value?.ToString());

    public override void Write(string? value)
    {
        for (var i = 0; i < value!.Length; i++)
        {
            switch (value[i])
            {
                case '\r':
                    _column = 0;
                    break;
                case '\n':
                    if (++_row == _rows.Count)
                        _rows.Add(new StringBuilder());
                    break;
                case '\u001b':
                    var end = i + 2;
                    while (!char.IsLetter(value[end]))
                        end++;
                    Control(value[end], value[(i + 2)..end]);
                    i = end;
                    break;
                default:
                    Assert.True(_column < width, "a line is wider than the terminal");
                    var row = _rows[_row];
                    row.Append(' ', Math.Max(0, _column + 1 - row.Length));
                    row[_column++] = value[i];
                    break;
            }
        }
    }

    private void Control(char command, string argument)
    {
        switch (command)
        {
            case 'A':
                // A cursor can not go above the terminal's first row.
                var rows = int.Parse(argument, System.Globalization.CultureInfo.InvariantCulture);
                _row = Math.Max(Math.Max(0, _rows.Count - height), _row - rows);
                break;
            case 'K':
                _rows[_row].Length = Math.Min(_rows[_row].Length, _column);
                break;
            case 'J':
                _rows.RemoveRange(_row + 1, _rows.Count - _row - 1);
                break;
        }
    }
}

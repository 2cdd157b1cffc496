using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Vla.Runtime.Outputs;

/// <summary>
/// The terminal's one writer: log lines scroll above, then a block that is redrawn in place, then a prompt line.
/// </summary>
/// <remarks>
/// The cursor always rests at the end of the prompt. Every change is one write: up to the block's first line, over it
/// line by line, and back to the prompt. May be used from any thread.
/// </remarks>
internal sealed class ConsoleScreen : IDisposable
{
    private const string Escape = "\u001b[";
    private const string EraseLineEnd = Escape + "K";
    private const string EraseBelow = Escape + "J";
    private const string EraseAll = Escape + "2J" + Escape + "H";
    private const string HideCursor = Escape + "?25l";
    private const string ShowCursor = Escape + "?25h";

    private readonly Lock _lock = new();
    private readonly TextWriter _out;
    private readonly Func<(int Width, int Height)> _size;
    private readonly StringWriter _rendered = new();
    private readonly IAnsiConsole _renderer;
    private readonly StringBuilder _text = new();
    private string[] _block = [];
    private string _prompt = "";
    private int _drawnLines;
    private int _drawnWidth;
    private bool _disposed;

    /// <param name="output">The terminal.</param>
    /// <param name="size">Its size in cells, asked before each drawing.</param>
    public ConsoleScreen(TextWriter output, Func<(int Width, int Height)> size)
    {
        _out = output;
        _size = size;
        _renderer = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.Yes,
                // What NO_COLOR and the terminal ask for is found by looking at the real one.
                ColorSystem = (ColorSystemSupport)AnsiConsole.Profile.Capabilities.ColorSystem,
                Interactive = InteractionSupport.No,
                Out = new AnsiConsoleOutput(_rendered),
            }
        );
    }

    /// <summary>The screen of this process; null when standard output is no terminal that can be drawn on.</summary>
    public static ConsoleScreen? ForTerminal()
    {
        if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi)
            return null;
        return new ConsoleScreen(Console.Out, () => (Console.WindowWidth, Console.WindowHeight));
    }

    /// <summary>How wide a block may be, cells, and how high, lines: the prompt has a line of its own.</summary>
    public (int Width, int Height) Room
    {
        get
        {
            var (width, height) = Size();
            return (Math.Max(20, width - 1), Math.Max(0, height - 2));
        }
    }

    /// <summary>Replaces the block.</summary>
    public void Show(IRenderable block)
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            var (width, _) = Size();
            // A line as wide as the terminal would wrap on some terminals.
            _renderer.Profile.Width = Math.Max(20, width - 1);
            _rendered.GetStringBuilder().Clear();
            _renderer.Write(block);
            _block = _rendered.ToString().TrimEnd('\n', '\r').Split('\n');
            Draw(logLine: null);
        }
    }

    /// <summary>Replaces the prompt line. Only its end is shown when it does not fit.</summary>
    public void ShowPrompt(string prompt)
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _prompt = prompt;
            TryWrite(() => Draw(logLine: null));
        }
    }

    /// <summary>Writes a line above the block, where it scrolls away like any other output.</summary>
    public void WriteLine(string line)
    {
        lock (_lock)
        {
            if (_disposed)
                _out.WriteLine(line);
            else
                Draw(line);
        }
    }

    /// <summary>Leaves the last block on the terminal and the cursor below it.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
            TryWrite(() =>
            {
                _out.Write("\r" + EraseLineEnd + ShowCursor);
                _out.Flush();
            });
            _rendered.Dispose();
        }
    }

    /// <summary>
    /// A terminal that is gone is told about by the output that draws on it; nobody else has to do with it.
    /// </summary>
    private static void TryWrite(Action write)
    {
        try
        {
            write();
        }
        catch (IOException) { }
    }

    private (int Width, int Height) Size()
    {
        var (width, height) = _size();
        // Some terminals (a serial line) do not know their size.
        return (width > 0 ? width : 80, height > 0 ? height : 24);
    }

    private void Draw(string? logLine)
    {
        var (width, height) = Size();
        _text.Clear().Append(HideCursor).Append('\r');
        // A new width makes the terminal wrap what is there anew; nobody knows where the block's first line is now.
        if (_drawnWidth != 0 && _drawnWidth != width)
            _text.Append(EraseAll);
        else if (_drawnLines > 0)
            _text.Append(Escape).Append(_drawnLines).Append('A');
        if (logLine is not null)
            AppendLine(logLine);
        // What is taller than the terminal could not be reached again with the cursor.
        _drawnLines = Math.Min(_block.Length, Math.Max(0, height - 2));
        for (var i = 0; i < _drawnLines; i++)
            AppendLine(_block[i].TrimEnd('\r'));
        _text
            .Append(_prompt.GetCellWidth() < width ? _prompt : Tail(_prompt, width - 1))
            .Append(EraseLineEnd)
            .Append(EraseBelow)
            .Append(ShowCursor);
        _drawnWidth = width;
        _out.Write(_text);
        _out.Flush();
    }

    private void AppendLine(string line) => _text.Append(line).Append(EraseLineEnd).Append("\r\n");

    private static string Tail(string text, int cells)
    {
        var runes = text.EnumerateRunes().Select(rune => rune.ToString()).Reverse();
        var tail = new List<string>();
        foreach (var rune in runes)
        {
            cells -= rune.GetCellWidth();
            if (cells <= 0)
                break;
            tail.Add(rune);
        }

        tail.Reverse();
        return "…" + string.Concat(tail);
    }
}

using System.Text;

namespace Vla.Sensors.Videos;

/// <summary>Follows what a program writes to standard error, line by line, and remembers the last complaint.</summary>
internal sealed class ErrorLines
{
    /// <summary>What is longer than this is cut, bytes: a damaged file may make a program say anything.</summary>
    private const int LongestLine = 4096;

    private const int LongestComplaint = 300;

    private static readonly string[] Levels = ["[error] ", "[fatal] ", "[panic] "];

    private readonly byte[] _line = new byte[LongestLine];
    private int _length;

    /// <summary>Its last line that is no news; empty when there is none.</summary>
    public string Last { get; private set; } = "";

    /// <summary>Reads to the end.</summary>
    /// <param name="stream">Of the program.</param>
    /// <param name="take">Is given each line first; true when it was something else than a complaint.</param>
    public void Read(Stream stream, TakeLine? take = null)
    {
        var buffer = new byte[LongestLine];
        try
        {
            for (int read; (read = stream.Read(buffer)) > 0; )
            {
                foreach (var letter in buffer.AsSpan(0, read))
                {
                    if (letter is (byte)'\n' or (byte)'\r')
                        End(take);
                    else if (_length < LongestLine)
                        _line[_length++] = letter;
                }
            }
        }
        catch (IOException)
        {
            // The program is gone, and so are its words.
        }

        End(take);
    }

    private void End(TakeLine? take)
    {
        var line = _line.AsSpan(0, _length);
        _length = 0;
        if (line.IsEmpty || take?.Invoke(line) == true)
            return;

        var text = Encoding.UTF8.GetString(line);
        if (take is not null && !IsComplaint(ref text))
            return;
        Last = text.Length > LongestComplaint ? text[..LongestComplaint] : text;
    }

    /// <summary>Where news is told too (<c>-loglevel level+info</c>), a level stands before what matters.</summary>
    private static bool IsComplaint(ref string text)
    {
        foreach (var level in Levels)
        {
            var at = text.IndexOf(level, StringComparison.Ordinal);
            if (at < 0)
                continue;
            text = text[(at + level.Length)..];
            return true;
        }

        return false;
    }
}

/// <param name="line">ASCII or UTF-8, without its end.</param>
internal delegate bool TakeLine(ReadOnlySpan<byte> line);

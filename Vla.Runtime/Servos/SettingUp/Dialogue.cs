namespace Vla.Runtime.Servos.SettingUp;

/// <summary>Talks with a person at a terminal, a line at a time: over SSH, through a pipe, anywhere.</summary>
/// <param name="input">What the person types.</param>
/// <param name="output">What the person reads.</param>
/// <param name="cancellation">Ends it.</param>
/// <param name="pace">From one look at what goes on meanwhile to the next; 20 ms when left out.</param>
internal sealed class Dialogue(
    TextReader input,
    TextWriter output,
    CancellationToken cancellation,
    TimeSpan? pace = null
)
{
    private readonly TimeSpan _pace = pace ?? TimeSpan.FromMilliseconds(20);

    public void Say(string line = "") => output.WriteLine(line);

    /// <summary>Waits for a line.</summary>
    /// <param name="meanwhile">Done again and again while nothing is typed.</param>
    /// <returns>Without spaces around it, in small letters; empty for Enter alone.</returns>
    /// <exception cref="UsageException">The input ends.</exception>
    /// <exception cref="OperationCanceledException">Told to end.</exception>
    public string Ask(Action? meanwhile = null) =>
        TryAsk(meanwhile)
        ?? throw new UsageException("the input ended before all was said: answer at a terminal, or give all answers");

    /// <summary>The same; null when the input ends.</summary>
    public string? TryAsk(Action? meanwhile = null)
    {
        // On another thread: a line that never comes must not keep the command from ending.
        var line = Task.Run(input.ReadLine, CancellationToken.None);
        while (!line.Wait(_pace, cancellation))
            meanwhile?.Invoke();
        return line.Result?.Trim().ToLowerInvariant();
    }
}

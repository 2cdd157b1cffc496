using System.Globalization;
using Spectre.Console;

namespace Vla.Runtime.Evaluation;

/// <summary>
/// Says on standard error how far an evaluation is: a line that changes in a terminal, now and then a line elsewhere.
/// </summary>
internal static class EvaluationProgressLine
{
    private static readonly TimeSpan InTerminal = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Elsewhere = TimeSpan.FromSeconds(10);

    /// <param name="time">The clock.</param>
    /// <param name="work">Is given what to tell after every episode.</param>
    public static async Task<T> ShowAsync<T>(TimeProvider time, Func<Action<EvaluationProgress>, Task<T>> work)
    {
        if (Console.IsErrorRedirected)
            return await work(Every(Elsewhere, time, text => Console.Error.WriteLine($"vla: {text}")));

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console
            .Status()
            .AutoRefresh(false)
            .StartAsync(
                "loading",
                status =>
                    work(
                        Every(
                            InTerminal,
                            time,
                            text =>
                            {
                                status.Status(Markup.Escape(text));
                                status.Refresh();
                            }
                        )
                    )
            );
    }

    /// <summary>Passes on at most one of what comes within a time.</summary>
    internal static Action<EvaluationProgress> Every(TimeSpan interval, TimeProvider time, Action<string> say)
    {
        var started = time.GetTimestamp();
        var said = started;
        return progress =>
        {
            if (time.GetElapsedTime(said) < interval)
                return;
            said = time.GetTimestamp();
            say(Text(progress, time.GetElapsedTime(started)));
        };
    }

    private static string Text(EvaluationProgress progress, TimeSpan elapsed)
    {
        var (done, episodes, succeeded) = progress;
        var left = elapsed / done * (episodes - done);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{done} of {episodes} episodes, {100.0 * succeeded / done:0.0} % succeeded, "
                + $@"{done / elapsed.TotalSeconds:0.0} a second, {left:h\:mm\:ss} left"
        );
    }
}

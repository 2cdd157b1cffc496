using Spectre.Console;

namespace Vla.Runtime.Bench;

/// <summary>
/// Says on standard error what is being measured: a line that changes in a terminal, plain lines elsewhere.
/// </summary>
/// <remarks>
/// It is drawn anew only when there is something new to say: a spinner would be measured along with the rest.
/// </remarks>
internal static class BenchProgress
{
    /// <param name="work">Is given what to tell: what is being done, and for how many seconds.</param>
    public static async Task<T> ShowAsync<T>(Func<Action<string, double>, Task<T>> work)
    {
        if (Console.IsErrorRedirected)
            return await work((what, seconds) => Console.Error.WriteLine($"vla: {Text(what, seconds)}"));

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console
            .Status()
            .AutoRefresh(false)
            .StartAsync(
                "warming up",
                status =>
                    work(
                        (what, seconds) =>
                        {
                            status.Status(Markup.Escape(Text(what, seconds)));
                            status.Refresh();
                        }
                    )
            );
    }

    private static string Text(string what, double seconds) =>
        seconds == 0
            ? what
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{what}, {seconds:0.#} s");
}

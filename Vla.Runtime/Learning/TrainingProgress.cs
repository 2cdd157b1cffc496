using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Vla.Actors.Training;

namespace Vla.Runtime.Learning;

/// <summary>Says on standard error how a training goes: loss, rate and time left.</summary>
/// <remarks>
/// In a terminal one line that changes, and a line that stays for every validation; elsewhere only the latter.
/// </remarks>
internal sealed class TrainingProgress
{
    private readonly IAnsiConsole? _terminal = Console.IsErrorRedirected
        ? null
        : AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    private readonly Stopwatch _sinceShown = Stopwatch.StartNew();

    /// <summary>Something that takes a while and has no loss: reading data.</summary>
    public void Share(string what, double share)
    {
        if (share < 1 && _sinceShown.Elapsed < TimeSpan.FromSeconds(_terminal is null ? 15 : 0.2))
            return;
        _sinceShown.Restart();
        Show(string.Create(CultureInfo.InvariantCulture, $"{what}: {share:P0}"), stays: share >= 1);
    }

    /// <summary>A line that stays.</summary>
    public void Say(string text) => Show(text, stays: true);

    /// <param name="step">Steps done.</param>
    /// <param name="steps">Steps in all.</param>
    /// <param name="loss">Average of the last steps.</param>
    /// <param name="validation">When it was measured at this step.</param>
    /// <param name="secondsPerStep">By now.</param>
    public void Step(int step, int steps, TrainingLoss loss, TrainingLoss? validation, double secondsPerStep)
    {
        var left = TimeSpan.FromSeconds((steps - step) * secondsPerStep);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"step {step} of {steps}, loss {loss.Action:0.0000}, {1 / secondsPerStep:0.00} steps/s, "
                + $"{left:h\\:mm\\:ss} left"
        );
        if (validation is { } v)
        {
            text += string.Create(CultureInfo.InvariantCulture, $"; validation {v.Action:0.0000}");
            if (!double.IsNaN(v.Grounding))
                text += string.Create(
                    CultureInfo.InvariantCulture,
                    $", grounding {v.Grounding:0.000}, turn {v.Turn:0.000}"
                );
        }

        Show(text, stays: validation is not null);
    }

    private void Show(string text, bool stays)
    {
        if (_terminal is null)
        {
            if (stays)
                Console.Error.WriteLine($"vla: {text}");
            return;
        }

        const string ClearLine = "\r\e[2K";
        Console.Error.Write(stays ? $"{ClearLine}{text}{Environment.NewLine}" : $"{ClearLine}{text}");
    }
}

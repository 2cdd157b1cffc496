using System.Globalization;
using Vla.Actors.Robots;

namespace Vla.Tests.Runtime.Hosting;

/// <summary>
/// A robot of a user's own (<c>dll:Vla.Tests.dll#HOW</c>) that ends the process, or brings it to its end, at its fifth
/// action.
/// </summary>
public sealed class RobotThatEnds(string how) : IActionOutput
{
    private const int At = 5;
    private readonly List<Timer> _timers = [];
    private bool _ended;

    public string Name => $"ends by {how}";

    public bool MayBlock => how != "exit-directly";

    public void Apply(PublishedAction action)
    {
        ArgumentNullException.ThrowIfNull(action);
        // On a busy machine it gets the newest action only, and the fifth may not be it.
        if (action.Sequence < At || _ended)
            return;
        _ended = true;
        End();
    }

    public void Dispose() => _timers.ForEach(timer => timer.Dispose());

    private static async void ThrowLater()
    {
        await Task.Yield();
        throw new InvalidOperationException("nobody catches this");
    }

    private void End()
    {
        switch (how)
        {
            case "thread":
                new Thread(() => throw new InvalidOperationException("nobody catches this\nand a second line")).Start();
                break;
            case "timer":
                _timers.Add(
                    new Timer(
                        _ => throw new InvalidOperationException("nobody catches this"),
                        null,
                        1,
                        Timeout.Infinite
                    )
                );
                break;
            case "async-void":
                ThrowLater();
                break;
            case "exit" or "exit-directly":
                Environment.Exit(9);
                break;
            case "exit-elsewhere":
                new Thread(() => Environment.Exit(9)).Start();
                break;
            default:
                throw new ArgumentOutOfRangeException(
                    nameof(how),
                    string.Create(CultureInfo.InvariantCulture, $"'{how}' is no way to end")
                );
        }
    }
}

using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Outputs;

/// <summary>
/// Shows the actions to a person: a live view on a terminal, otherwise one plain line every few seconds.
/// </summary>
/// <remarks>
/// Runs on its output's own thread, so a slow terminal holds nothing up. A change of state is shown at once.
/// </remarks>
/// <param name="profile">Names, units and limits.</param>
/// <param name="snapshot">Gives the rest of what is shown; asked at each drawing.</param>
/// <param name="screen">The terminal, shared with prompt and log; null when there is none.</param>
/// <param name="plain">Where plain lines go when there is no terminal.</param>
internal sealed class ConsoleRobot(
    RobotProfile profile,
    Func<ConsoleSnapshot> snapshot,
    ConsoleScreen? screen,
    TextWriter plain
) : IActionOutput
{
    private const long RedrawNs = 100 * MonotonicTime.NsPerMs;
    private const long PlainLineNs = 5 * MonotonicTime.NsPerSecond;

    private readonly ConsoleView _view = new(profile);
    private PublishedAction? _shown;

    public string Name => "console";

    public bool Moves => false;

    public void Apply(PublishedAction action)
    {
        var everyNs = screen is null ? PlainLineNs : RedrawNs;
        var isNews =
            _shown is null
            || _shown.State != action.State
            || (action.State == ControlState.Stop && _shown.Reason != action.Reason);
        if (!isNews && action.PublishedNs - _shown!.PublishedNs < everyNs)
            return;
        var now = snapshot();
        if (screen is not null)
        {
            var (width, height) = screen.Room;
            screen.Show(_view.Render(action, now, width, height));
        }
        else
        {
            if (_shown is null && now.Where.Length > 0)
                plain.WriteLine(now.Where);
            plain.WriteLine(ConsoleView.PlainLine(action, now));
        }

        // Only now: what could not be shown is tried again, and keeps the output failing until it can.
        _shown = action;
    }

    /// <summary>The screen stays: whoever made it shows the last of the log on it.</summary>
    public void Dispose() => plain.Flush();
}

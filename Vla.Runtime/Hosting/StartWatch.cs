using System.Globalization;

namespace Vla.Runtime.Hosting;

/// <summary>
/// Sees to it that a start comes to an end: what takes long is said, and what never comes back is named and ends the
/// run.
/// </summary>
/// <remarks>
/// Whatever hangs at the start hangs in somebody else's code (a robot's library, a driver, a file system) and cannot be
/// ended otherwise than with the process. Nothing has been published by then.
/// </remarks>
internal sealed class StartWatch : IDisposable
{
    /// <summary>From then on it is said what takes long.</summary>
    public static readonly TimeSpan SaidAfter = TimeSpan.FromSeconds(10);

    /// <summary>A start may take so long also when the run is to last for less: a machine can be slow.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(30);

    /// <summary>Who is bounded by <see cref="Left"/> gets so long to say by itself what it was at.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly TimeSpan _stepBound;
    private readonly TimeSpan _startBound;
    private readonly TimeProvider _time;
    private readonly Action<string> _say;
    private readonly Action<string> _end;
    private readonly ITimer _timer;
    private readonly long _began;
    private long _stepBegan;
    private string _step = "";
    private bool _boundsItself;
    private bool _isSaid;
    private bool _isOver;

    /// <param name="stepBound">How long one step may take.</param>
    /// <param name="duration">How long the run is to last; zero for no end. The start as a whole takes no longer, or
    /// <see cref="Least"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="say">Told once for each step that takes long.</param>
    /// <param name="end">Told once, on a thread of the pool, what has not come to an end.</param>
    public StartWatch(TimeSpan stepBound, TimeSpan duration, TimeProvider time, Action<string> say, Action<string> end)
    {
        (_stepBound, _time, _say, _end) = (stepBound, time, say, end);
        _startBound = BoundOf(duration);
        _began = _stepBegan = time.GetTimestamp();
        var glance = TimeSpan.FromMilliseconds(250);
        _timer = time.CreateTimer(_ => Look(), null, glance, glance);
    }

    /// <summary>How long the start may still take; <see cref="TimeSpan.MaxValue"/> for as long as it likes.</summary>
    public TimeSpan Left => _startBound == TimeSpan.MaxValue ? _startBound : _startBound - _time.GetElapsedTime(_began);

    /// <summary>
    /// How long the start of a run that is to last so long may take; endless for a run without an end.
    /// </summary>
    public static TimeSpan BoundOf(TimeSpan duration) =>
        duration <= TimeSpan.Zero ? TimeSpan.MaxValue
        : duration > Least ? duration
        : Least;

    /// <summary>Notes what is done next.</summary>
    /// <param name="step">As it stands in a message: "opening the camera".</param>
    /// <param name="boundsItself">Whether it says by itself when it takes long or does not come to an end.</param>
    public void Begin(string step, bool boundsItself = false)
    {
        lock (_gate)
            (_step, _stepBegan, _boundsItself, _isSaid) = (step, _time.GetTimestamp(), boundsItself, false);
    }

    /// <summary>The start is over.</summary>
    public void Dispose()
    {
        lock (_gate)
            _isOver = true;
        _timer.Dispose();
    }

    private void Look()
    {
        string line;
        var ends = false;
        lock (_gate)
        {
            if (_isOver)
                return;
            var inStep = _time.GetElapsedTime(_stepBegan);
            if (_startBound < TimeSpan.MaxValue && Left <= -Grace)
            {
                line =
                    $"the start took longer than a run of this duration may wait for it, {Seconds(_startBound)}: it "
                    + $"is still at {_step}";
                ends = true;
            }
            else if (_boundsItself)
            {
                return;
            }
            else if (inStep >= _stepBound)
            {
                line = $"the start hangs: {_step} did not come to an end within {Seconds(_stepBound)}";
                ends = true;
            }
            else if (!_isSaid && inStep >= SaidAfter)
            {
                line = $"{_step} takes long; it may take {Seconds(_stepBound)}";
                _isSaid = true;
            }
            else
            {
                return;
            }

            _isOver = ends;
        }

        if (ends)
            _end(line);
        else
            _say(line);
    }

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");
}

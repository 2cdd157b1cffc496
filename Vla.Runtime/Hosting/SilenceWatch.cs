using System.Globalization;

namespace Vla.Runtime.Hosting;

/// <summary>
/// Says when the control loop has fallen silent: its thread is stuck, most likely in an output that said it never
/// blocks.
/// </summary>
/// <remarks>
/// On a thread of its own. Time in which the whole process stood still is not counted, since nobody looked.
/// </remarks>
/// <param name="published">Counts what the loop has published.</param>
/// <param name="silent">Told once, in words.</param>
internal sealed class SilenceWatch(Func<long> published, Action<string> silent) : IDisposable
{
    /// <summary>Three periods of the slowest loop.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(3);

    private const int Looks = 10;
    private readonly ManualResetEventSlim _ends = new(false);
    private long _before = -1;
    private int _same;

    public void Start() => new Thread(Run) { Name = "vla-silence", IsBackground = true }.Start();

    public void Dispose() => _ends.Set();

    /// <summary>Looks once; ten looks in a row without anything new are silence.</summary>
    /// <returns>False when it has been said.</returns>
    internal bool Look()
    {
        var now = published();
        _same = now == _before ? _same + 1 : 0;
        _before = now;
        if (_same < Looks)
            return true;
        silent(
            string.Create(
                CultureInfo.InvariantCulture,
                $"the control loop hangs: it has published nothing for {Bound.TotalSeconds:0} s"
            )
        );
        return false;
    }

    private void Run()
    {
        while (!_ends.Wait(Bound / Looks) && Look()) { }
    }
}

using Vla.Actors.Scheduling;

namespace Vla.Tests;

/// <summary>
/// A test of what is chosen among several cores; skipped where there is nothing to choose, with that as the reason.
/// </summary>
public sealed class SeveralCoresFactAttribute : FactAttribute
{
    /// <summary>Asks the machine once for each test.</summary>
    public SeveralCoresFactAttribute()
    {
        if (!Cores.AreSeveral)
            Skip = "One core, or not Linux: there is nothing to choose.";
    }
}

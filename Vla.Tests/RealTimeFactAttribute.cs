using Vla.Actors.Control;

namespace Vla.Tests;

/// <summary>A test that needs the right to real-time priority.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RealTimeFactAttribute : FactAttribute
{
    public RealTimeFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "real-time classes are Linux's";
            return;
        }

        var granted = "";
        var asking = new Thread(() => granted = ControlThreadPriority.Raise(realTime: true));
        asking.Start();
        if (!asking.Join(TimeSpan.FromSeconds(20)) || !granted.StartsWith("real-time", StringComparison.Ordinal))
            Skip = $"no right to real-time priority: {granted}";
    }
}

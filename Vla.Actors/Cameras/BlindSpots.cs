using Vla.Actors.Control;

namespace Vla.Actors.Cameras;

/// <summary>
/// What all cameras together mean to the control loop: while one of them shows nothing to move by, nobody moves.
/// </summary>
/// <param name="control">Is told why, with every camera that is a reason.</param>
/// <param name="cameras">How many there are.</param>
public sealed class BlindSpots(ControlLoop control, int cameras)
{
    private readonly Lock _gate = new();
    private readonly string?[] _reasons = new string?[cameras];

    /// <summary>Notes how one camera is.</summary>
    /// <param name="camera">Its place.</param>
    /// <param name="reason">Why nobody may move by it; null while they may.</param>
    internal void Set(int camera, string? reason)
    {
        lock (_gate)
        {
            if (_reasons[camera] == reason)
                return;
            _reasons[camera] = reason;
            var reasons = _reasons.Where(one => one is not null).ToList();
            control.Blindness = reasons.Count == 0 ? null : string.Join("; ", reasons);
        }
    }
}

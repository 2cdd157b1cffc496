namespace Vla.Runtime.Servos.Arms;

/// <summary>An arm's torque: told to all servos at once, and believed when all of them say that it is so.</summary>
internal sealed class ArmTorque(ServoBus bus)
{
    private readonly ServoMake _make = bus.Make;
    private readonly int[] _ids = ArmKind.Ids;
    private readonly int[] _told = new int[ArmKind.Ids.Length];
    private readonly int[] _heard = new int[ArmKind.Ids.Length];

    /// <summary>Switches it on, with each goal where its joint is.</summary>
    /// <param name="positions">Where they are, steps, as servos tell it.</param>
    /// <returns>True when every servo has its goal and its torque.</returns>
    public bool TrySwitchOn(ReadOnlySpan<int> positions)
    {
        bus.SyncWrite(_make.GoalPosition, _ids, positions);
        return bus.TrySyncRead(_make.GoalPosition, _ids, _heard)
            && positions.SequenceEqual(_heard)
            && TrySet(isOn: true);
    }

    /// <summary>Switches it off.</summary>
    /// <returns>True when every servo says that it has none.</returns>
    public bool TrySwitchOff() => TrySet(isOn: false);

    /// <summary>Weakens it.</summary>
    /// <param name="share">Of full torque, 0 to 1.</param>
    public void Weaken(double share)
    {
        Array.Fill(_told, (int)(share * _make.FullTorque));
        bus.SyncWrite(_make.Torque, _ids, _told);
    }

    /// <summary>Gives the servos back all that was taken by weakening, for whoever switches them on next.</summary>
    public void Restore()
    {
        foreach (var id in _ids)
            bus.Write(id, _make.Torque, bus.Read(id, _make.MaximumTorque));
    }

    /// <returns>Whether all have it, or none has; null when a servo does not say.</returns>
    public bool? Is(bool isOn) =>
        bus.TrySyncRead(_make.TorqueEnable, _ids, _heard) ? !_heard.AsSpan().ContainsAnyExcept(isOn ? 1 : 0) : null;

    private bool TrySet(bool isOn)
    {
        Array.Fill(_told, isOn ? 1 : 0);
        bus.SyncWrite(_make.TorqueEnable, _ids, _told);
        return Is(isOn) is true;
    }
}

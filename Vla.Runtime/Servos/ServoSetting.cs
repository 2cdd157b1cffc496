namespace Vla.Runtime.Servos;

/// <summary>What a register is to be.</summary>
/// <param name="Register">Which.</param>
/// <param name="Wanted">What it is to be where it is something now.</param>
internal sealed record ServoSetting(ServoRegister Register, Func<int, int> Wanted)
{
    /// <summary>A value, whatever is there now.</summary>
    public ServoSetting(ServoRegister register, int value)
        : this(register, _ => value) { }
}

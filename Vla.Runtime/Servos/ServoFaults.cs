namespace Vla.Runtime.Servos;

/// <summary>What a servo says is wrong with it, in every answer.</summary>
[Flags]
internal enum ServoFaults
{
    None = 0,
    Voltage = 1,
    Angle = 2,
    Overheated = 4,
    OverCurrent = 8,
    Overload = 32,

    /// <summary>It did not understand or do what it was told.</summary>
    Instruction = 64,

    /// <summary>Something of its own, which another register tells (Dynamixel).</summary>
    Hardware = 256,
}

/// <summary>A servo's faults in words, each with what to do.</summary>
internal static class ServoFaultWords
{
    private static readonly (ServoFaults Fault, string Words)[] All =
    [
        (ServoFaults.Voltage, "its voltage is out of its limits; give the arm the supply that its servos are made for"),
        (ServoFaults.Angle, "its angle cannot be told or is beyond its limits; turn it back by hand, then calibrate"),
        (ServoFaults.Overheated, "overheated; let it cool down"),
        (ServoFaults.OverCurrent, "too much current; look for what blocks it, power the arm off and on"),
        (ServoFaults.Overload, "overload; take its load away, power the arm off and on"),
        (ServoFaults.Hardware, "it has a fault of its own; take its load away, let it cool, power the arm off and on"),
        (ServoFaults.Instruction, "it does not do what it is told; check that it is of the model that the arm has"),
    ];

    /// <summary>All of them; empty for none.</summary>
    public static string Of(ServoFaults faults)
    {
        if (faults == ServoFaults.None)
            return "";
        var known = string.Join("; ", All.Where(entry => faults.HasFlag(entry.Fault)).Select(entry => entry.Words));
        return known.Length > 0 ? known : $"fault {(int)faults}, which is not known; power the arm off and on";
    }
}

namespace Vla.Runtime.Servos.Dynamixel;

/// <summary>The registers of Dynamixel's X series (XL330, XL430, XC430, …), as far as an arm needs them.</summary>
/// <remarks>Those below 64 are kept without power, and can only be written without torque.</remarks>
internal static class XSeries
{
    /// <summary>Steps of a turn.</summary>
    public const int Resolution = 4096;

    /// <summary>Speeds in the order of their numbers in <see cref="Baud"/>.</summary>
    public static readonly IReadOnlyList<int> Bauds =
    [
        9_600,
        57_600,
        115_200,
        1_000_000,
        2_000_000,
        3_000_000,
        4_000_000,
    ];

    /// <summary>Names of models by their numbers.</summary>
    public static readonly IReadOnlyDictionary<int, string> Models = new Dictionary<int, string>
    {
        [1190] = "XL330-M077",
        [1200] = "XL330-M288",
        [1060] = "XL430-W250",
        [1020] = "XM430-W350",
        [1120] = "XM540-W270",
        [1070] = "XC430-W150",
        [1110] = "XH540-W150",
    };

    public static readonly ServoRegister ModelNumber = new("Model_Number", 0, 2);
    public static readonly ServoRegister Id = new("ID", 7, 1);
    public static readonly ServoRegister Baud = new("Baud_Rate", 8, 1);
    public static readonly ServoRegister ReturnDelay = new("Return_Delay_Time", 9, 1);
    public static readonly ServoRegister DriveMode = new("Drive_Mode", 10, 1);
    public static readonly ServoRegister OperatingMode = new("Operating_Mode", 11, 1);
    public static readonly ServoRegister HomingOffset = new("Homing_Offset", 20, 4) { IsSigned = true };
    public static readonly ServoRegister CurrentLimit = new("Current_Limit", 38, 2);
    public static readonly ServoRegister MaximumPosition = new("Max_Position_Limit", 48, 4);
    public static readonly ServoRegister MinimumPosition = new("Min_Position_Limit", 52, 4);
    public static readonly ServoRegister TorqueEnable = new("Torque_Enable", 64, 1);
    public static readonly ServoRegister HardwareError = new("Hardware_Error_Status", 70, 1);
    public static readonly ServoRegister BusWatchdog = new("Bus_Watchdog", 98, 1);
    public static readonly ServoRegister GoalCurrent = new("Goal_Current", 102, 2) { IsSigned = true };
    public static readonly ServoRegister ProfileAcceleration = new("Profile_Acceleration", 108, 4);
    public static readonly ServoRegister ProfileVelocity = new("Profile_Velocity", 112, 4);
    public static readonly ServoRegister GoalPosition = new("Goal_Position", 116, 4) { IsSigned = true };
    public static readonly ServoRegister PresentCurrent = new("Present_Current", 126, 2) { IsSigned = true };
    public static readonly ServoRegister PresentVelocity = new("Present_Velocity", 128, 4) { IsSigned = true };
    public static readonly ServoRegister PresentPosition = new("Present_Position", 132, 4) { IsSigned = true };
    public static readonly ServoRegister PresentVoltage = new("Present_Input_Voltage", 144, 2);
    public static readonly ServoRegister PresentTemperature = new("Present_Temperature", 146, 1);

    /// <summary>What <see cref="HardwareError"/> says is wrong with a servo.</summary>
    public static ServoFaults FaultsOf(int hardwareError)
    {
        var faults = ServoFaults.None;
        faults |= (hardwareError & 1) != 0 ? ServoFaults.Voltage : 0;
        faults |= (hardwareError & 4) != 0 ? ServoFaults.Overheated : 0;
        faults |= (hardwareError & 8) != 0 ? ServoFaults.Angle : 0;
        faults |= (hardwareError & 16) != 0 ? ServoFaults.OverCurrent : 0;
        faults |= (hardwareError & 32) != 0 ? ServoFaults.Overload : 0;
        return faults;
    }
}

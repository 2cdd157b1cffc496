namespace Vla.Runtime.Servos.Arms;

/// <summary>What is known of one joint, as LeRobot keeps it.</summary>
/// <param name="Id">The servo's number.</param>
/// <param name="DriveMode">1 when it counts the other way round, otherwise 0.</param>
/// <param name="HomingOffset">What the servo takes off its raw position, so that the middle reads 2047.</param>
/// <param name="RangeMin">The lowest position that it may have, after the offset.</param>
/// <param name="RangeMax">The highest.</param>
internal sealed record JointCalibration(int Id, int DriveMode, int HomingOffset, int RangeMin, int RangeMax);

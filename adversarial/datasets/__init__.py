"""Datasets: design matrices and how they are iterated over; MNIST, CIFAR-10, TFD, HDF5, npy and npz."""
